#include "dialects/chat_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dialects/json_cursor.h"
#include "dialects/request_members.h"
#include "dialects/request_parts.h"
#include "dialects/seen_members.h"

namespace tollgate {
namespace {

// The members that policy reads, at the top level, in the order of kPolicyMembers.
enum class Known : std::uint8_t {
  kModel,
  kMessages,
  kPrompt,
  kStream,
  kStreamOptions,
  kMaxTokens,
  kMaxCompletionTokens,
  kN,
  kBestOf,
  kEcho,
  kRoute,
  kTools,
  kModalities,
  kAudio,
  // What the provider does and bills beside the answer: whether it is asked for is all we read.
  kWebSearchOptions,
  kSearchParameters,
  kPlugins,
  // What stands at the provider and is named by its id.
  kPreviousResponse,
  kConversation,
  kCachedContent,
  kExtraBody,
  // Other models, for a provider that is a gateway itself.
  kModels,
  kFallbacks,
  kServiceTier,
  // What the model has to be capable of.
  kFunctions,
  kResponseFormat,
  kOther,
};
constexpr std::array<std::string_view, 26> kPolicyMembers = {"model",
                                                             "messages",
                                                             "prompt",
                                                             "stream",
                                                             "stream_options",
                                                             "max_tokens",
                                                             "max_completion_tokens",
                                                             "n",
                                                             "best_of",
                                                             "echo",
                                                             "route",
                                                             "tools",
                                                             "modalities",
                                                             "audio",
                                                             "web_search_options",
                                                             "search_parameters",
                                                             "plugins",
                                                             "previous_response_id",
                                                             "conversation",
                                                             "cached_content",
                                                             "extra_body",
                                                             "models",
                                                             "fallbacks",
                                                             "service_tier",
                                                             "functions",
                                                             "response_format"};

std::string_view name_of(Known known) { return kPolicyMembers[static_cast<std::size_t>(known)]; }

class RequestReader {
 public:
  RequestReader(std::string_view body, CompletionKind kind, ModelMember model)
      : body_(body), cursor_(body, kRequestDepthMax), model_(model) {
    request_.kind = kind;
  }

  Result<ChatRequest> read();

 private:
  Status read_document();
  Status read_member(Known known, const JsonCursor::Member& member);
  Status read_messages();
  Status read_message(std::size_t index);
  Status read_prompt();
  Status read_stream_options();
  Status read_choices(Known known, std::int64_t& out);
  Status read_needs(Known known);
  Status check_required() const;
  void finish_needs();
  // Legacy completions may ask for none, to get the prompt's log probabilities.
  std::int64_t least_tokens() const { return request_.kind == CompletionKind::kText ? 0 : 1; }
  bool has(Known known) const { return seen_.has(static_cast<unsigned>(known)); }

  std::string_view body_;
  JsonCursor cursor_;
  ModelMember model_;
  ChatRequest request_;
  PartNeeds parts_{.needs = request_.needs};
  std::int64_t prompts_ = 1;
  SeenMembers seen_;
};

Result<ChatRequest> RequestReader::read() {
  Status status = read_document();
  if (status) {
    request_.model_given = has(Known::kModel);
    finish_needs();
    return std::move(request_);
  }
  return refused_body(body_, std::move(status.error()));
}

Status RequestReader::read_document() {
  Status members = read_known_members<Known>(
      cursor_, request_, seen_, kPolicyMembers,
      [this](Known known, const JsonCursor::Member& member) { return read_member(known, member); });
  if (!members) return members;
  return check_required();
}

Status RequestReader::check_required() const {
  if (!has(Known::kModel) && model_ == ModelMember::kRequired) return model_missing();
  if (request_.kind == CompletionKind::kChat && !has(Known::kMessages)) {
    return bad_message("messages", "there: a non-empty array of messages");
  }
  if (request_.kind == CompletionKind::kText && !has(Known::kPrompt)) {
    return wrong_type("prompt", "there: a string, or an array of strings or tokens");
  }
  return {};
}

Status RequestReader::read_member(Known known, const JsonCursor::Member& member) {
  switch (known) {
    case Known::kModel:
      return read_model(cursor_, request_, model_);
    case Known::kMessages:
      if (request_.kind == CompletionKind::kChat) return read_messages();
      break;
    case Known::kPrompt:
      if (request_.kind == CompletionKind::kText) return read_prompt();
      // A stored prompt, by its id.
      if (cursor_.kind() == JsonKind::kObject) request_.needs.whole_window = true;
      break;
    case Known::kStream:
      return read_stream(cursor_, request_);
    case Known::kStreamOptions:
      return read_stream_options();
    case Known::kMaxTokens:
      return read_token_limit(cursor_, name_of(known), least_tokens(), request_.max_tokens,
                              request_.max_tokens_value);
    case Known::kMaxCompletionTokens:
      return read_token_limit(cursor_, name_of(known), least_tokens(),
                              request_.max_completion_tokens, request_.max_completion_tokens_value);
    case Known::kN:
      return read_choices(known, request_.n);
    case Known::kBestOf:
      return read_choices(known, request_.best_of);
    case Known::kEcho:
      if (request_.kind == CompletionKind::kText) request_.echo = cursor_.kind() == JsonKind::kTrue;
      break;
    case Known::kRoute:
      return read_route(cursor_, member, body_, request_);
    default:
      return read_needs(known);
  }
  cursor_.skip();
  return {};
}

// The members that only bounds and the choice of a model need.
Status RequestReader::read_needs(Known known) {
  RequestNeeds& needs = request_.needs;
  switch (known) {
    case Known::kTools:
      return read_tools(cursor_, needs);
    case Known::kModalities:
      read_modalities(cursor_, needs);
      break;
    case Known::kAudio:
      if (skip_asking(cursor_)) needs.audio_output = true;
      break;
    case Known::kFunctions:
      if (skip_asking(cursor_)) needs.tools = true;
      break;
    case Known::kResponseFormat:
      return read_response_format(cursor_, name_of(known), needs);
    case Known::kWebSearchOptions:
    case Known::kSearchParameters:
    case Known::kPlugins:
      if (skip_asking(cursor_)) needs.hosted_fees = needs.whole_window = true;
      break;
    case Known::kModels:
    case Known::kFallbacks:
      if (skip_asking(cursor_)) return not_passed_on(name_of(known), kOwnFallback);
      break;
    case Known::kServiceTier:
      needs.hosted_fees |= asks_for_dearer_service(cursor_);
      break;
    default:
      if (skip_asking(cursor_)) needs.whole_window = true;
      break;
  }
  return {};
}

void RequestReader::finish_needs() {
  RequestNeeds& needs = request_.needs;
  needs.text_bytes = static_cast<std::int64_t>(body_.size()) - parts_.media_bytes;
  needs.max_tokens = request_.output_tokens_max();
  needs.choices = std::max(request_.n, request_.best_of) * prompts_;
}

Status RequestReader::read_messages() {
  if (cursor_.kind() != JsonKind::kArray) return bad_message("messages", "a non-empty array");
  std::size_t count = 0;
  for (cursor_.open_array(); cursor_.next_element(); ++count) {
    if (Status status = read_message(count); !status) return status;
  }
  if (count == 0) return bad_message("messages", "a non-empty array");
  return {};
}

Status RequestReader::read_message(std::size_t index) {
  if (cursor_.kind() != JsonKind::kObject) {
    return bad_message(fmt::format("messages[{}]", index), "an object");
  }
  bool has_role = false;
  SeenMembers seen;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("role")) {
      if (cursor_.kind() != JsonKind::kString) {
        return bad_message(fmt::format("messages[{}].role", index), "a string");
      }
      has_role = true;
      cursor_.skip();
    } else if (member.name.is("content")) {
      if (!seen.first(0)) return repeated_member(fmt::format("messages[{}].content", index));
      if (Status content = read_message_content(cursor_, index, parts_); !content) return content;
    } else if (is_message_reference(member.name)) {
      if (skip_asking(cursor_)) request_.needs.whole_window = true;
    } else {
      cursor_.skip();
    }
  }
  if (!has_role) return bad_message(fmt::format("messages[{}].role", index), "a string");
  return {};
}

// All elements are strings, or all whole numbers, or all non-empty arrays of whole numbers.
Status RequestReader::read_prompt() {
  constexpr std::string_view kWanted =
      "a string, or a non-empty array of strings, of tokens, or of arrays of tokens";
  if (cursor_.kind() == JsonKind::kString) {
    cursor_.skip();
    return {};
  }
  if (cursor_.kind() != JsonKind::kArray) return wrong_type("prompt", kWanted);
  std::optional<JsonKind> kind;
  std::int64_t elements = 0;
  for (cursor_.open_array(); cursor_.next_element(); ++elements) {
    if (kind.value_or(cursor_.kind()) != cursor_.kind()) return wrong_type("prompt", kWanted);
    kind = cursor_.kind();
    if (kind == JsonKind::kString) {
      cursor_.skip();
    } else if (kind == JsonKind::kNumber) {
      if (!cursor_.integer()) return wrong_type("prompt", kWanted);
    } else if (kind == JsonKind::kArray) {
      std::size_t tokens = 0;
      for (cursor_.open_array(); cursor_.next_element(); ++tokens) {
        if (cursor_.kind() != JsonKind::kNumber || !cursor_.integer()) {
          return wrong_type("prompt", kWanted);
        }
      }
      if (tokens == 0) return wrong_type("prompt", kWanted);
    } else {
      return wrong_type("prompt", kWanted);
    }
  }
  if (!kind) return wrong_type("prompt", kWanted);
  // An array of tokens is one prompt; any other has one in each element.
  if (kind != JsonKind::kNumber) prompts_ = elements;
  return {};
}

Status RequestReader::read_stream_options() {
  const std::size_t begin = cursor_.offset();
  if (take_null(cursor_)) {
    request_.stream_options_value = cursor_.last_value();
    return {};
  }
  if (cursor_.kind() != JsonKind::kObject) return wrong_type("stream_options", "an object");
  constexpr std::string_view kParam = "stream_options.include_usage";
  SeenMembers seen;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (!member.name.is("include_usage")) {
      cursor_.skip();
      continue;
    }
    if (!seen.first(0)) return repeated_member(std::string(kParam));
    const JsonKind kind = cursor_.kind();
    if (kind != JsonKind::kTrue && kind != JsonKind::kFalse && kind != JsonKind::kNull) {
      return wrong_type(kParam, "true or false");
    }
    request_.include_usage_value = cursor_.skip();
    request_.include_usage = kind == JsonKind::kTrue;
  }
  request_.stream_options_value = ByteRange{begin, cursor_.value_end() - begin};
  return {};
}

Status RequestReader::read_choices(Known known, std::int64_t& out) {
  if (take_null(cursor_)) return {};
  std::optional<std::int64_t> value;
  if (cursor_.kind() == JsonKind::kNumber) value = cursor_.integer();
  if (!value || *value < 1 || *value > kChoicesMax) {
    return wrong_type(name_of(known), fmt::format("a whole number from 1 to {}", kChoicesMax));
  }
  out = *value;
  return {};
}

}  // namespace

std::optional<std::int64_t> ChatRequest::output_tokens_max() const {
  if (!max_tokens) return max_completion_tokens;
  if (!max_completion_tokens) return max_tokens;
  return std::max(*max_tokens, *max_completion_tokens);
}

Result<ChatRequest> read_chat_request(std::string_view body, ModelMember model) {
  return RequestReader(body, CompletionKind::kChat, model).read();
}

Result<ChatRequest> read_completion_request(std::string_view body, ModelMember model) {
  return RequestReader(body, CompletionKind::kText, model).read();
}

}  // namespace tollgate
