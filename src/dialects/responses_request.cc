#include "dialects/responses_request.h"

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

// The members that policy or a translation reads, in the order of kNames.
enum class Known : std::uint8_t {
  kModel,
  kInput,
  kMaxOutputTokens,
  kStream,
  kRoute,
  kTools,
  kText,
  kBackground,
  kServiceTier,
  kModalities,
  // What stands at the provider and is named by its id.
  kPreviousResponse,
  kConversation,
  kCachedContent,
  kExtraBody,
  // That too, with tools of its own; and what the provider does and bills beside the answer.
  kPrompt,
  kContextManagement,
  kWebSearchOptions,
  kSearchParameters,
  kPlugins,
  // Other models, for a provider that is a gateway itself.
  kModels,
  kFallbacks,
  // Only that they stand once.
  kInstructions,
  kToolChoice,
  kParallelToolCalls,
  kReasoning,
  kMetadata,
  kTemperature,
  kTopP,
  kUser,
  kModeration,
  kTopLogprobs,
  kOther,
};
constexpr std::array<std::string_view, 31> kNames = {"model",
                                                     "input",
                                                     "max_output_tokens",
                                                     "stream",
                                                     "route",
                                                     "tools",
                                                     "text",
                                                     "background",
                                                     "service_tier",
                                                     "modalities",
                                                     "previous_response_id",
                                                     "conversation",
                                                     "cached_content",
                                                     "extra_body",
                                                     "prompt",
                                                     "context_management",
                                                     "web_search_options",
                                                     "search_parameters",
                                                     "plugins",
                                                     "models",
                                                     "fallbacks",
                                                     "instructions",
                                                     "tool_choice",
                                                     "parallel_tool_calls",
                                                     "reasoning",
                                                     "metadata",
                                                     "temperature",
                                                     "top_p",
                                                     "user",
                                                     "moderation",
                                                     "top_logprobs"};

// Of items whose every part stands in the request itself.
constexpr std::array<std::string_view, 5> kOwnItems = {"message", "function_call",
                                                       "function_call_output", "custom_tool_call",
                                                       "custom_tool_call_output"};

std::string_view name_of(Known known) { return kNames[static_cast<std::size_t>(known)]; }

template <std::size_t kCount>
bool is_one_of(const RawString& text, const std::array<std::string_view, kCount>& names) {
  return std::ranges::any_of(names, [&](std::string_view one) { return text.is(one); });
}

class ResponsesReader {
 public:
  ResponsesReader(std::string_view body, ModelMember model)
      : body_(body), cursor_(body, kRequestDepthMax), model_(model) {
    request_.kind = CompletionKind::kResponses;
    request_.include_usage = true;
  }

  Result<ChatRequest> read();

 private:
  Status read_document();
  Status check_required() const;
  Status read_member(Known known, const JsonCursor::Member& member);
  Status read_needs(Known known);
  Status read_input();
  Status read_item(std::size_t index);
  Status read_text();
  Status read_background();
  bool has(Known known) const { return seen_.has(static_cast<unsigned>(known)); }

  std::string_view body_;
  JsonCursor cursor_;
  ModelMember model_;
  ChatRequest request_;
  PartNeeds parts_{.needs = request_.needs, .member = "input"};
  SeenMembers seen_;
  bool has_input_ = false;
  bool continues_ = false;  // what stands at the provider
};

Result<ChatRequest> ResponsesReader::read() {
  Status status = read_document();
  if (!status) return refused_body(body_, std::move(status.error()));
  request_.model_given = has(Known::kModel);
  RequestNeeds& needs = request_.needs;
  needs.text_bytes = static_cast<std::int64_t>(body_.size()) - parts_.media_bytes;
  needs.max_tokens = request_.max_tokens;
  return std::move(request_);
}

Status ResponsesReader::read_document() {
  Status members = read_known_members<Known>(
      cursor_, request_, seen_, kNames,
      [this](Known known, const JsonCursor::Member& member) { return read_member(known, member); });
  if (!members) return members;
  return check_required();
}

Status ResponsesReader::check_required() const {
  if (!has(Known::kModel) && model_ == ModelMember::kRequired) return model_missing();
  if (has_input_ || continues_) return {};
  return bad_message("input", "there: a string, or a non-empty array of items");
}

Status ResponsesReader::read_member(Known known, const JsonCursor::Member& member) {
  switch (known) {
    case Known::kModel:
      return read_model(cursor_, request_, model_);
    case Known::kInput:
      return read_input();
    case Known::kMaxOutputTokens:
      return read_token_limit(cursor_, name_of(known), 1, request_.max_tokens,
                              request_.max_tokens_value);
    case Known::kStream:
      return read_stream(cursor_, request_);
    case Known::kRoute:
      return read_route(cursor_, member, body_, request_);
    case Known::kBackground:
      return read_background();
    default:
      return read_needs(known);
  }
}

// The members that only bounds and the choice of a model need.
Status ResponsesReader::read_needs(Known known) {
  RequestNeeds& needs = request_.needs;
  switch (known) {
    case Known::kTools:
      return read_tools(cursor_, needs);
    case Known::kText:
      return read_text();
    case Known::kServiceTier:
      needs.hosted_fees |= asks_for_dearer_service(cursor_);
      break;
    case Known::kModels:
    case Known::kFallbacks:
      if (skip_asking(cursor_)) return not_passed_on(name_of(known), kOwnFallback);
      break;
    case Known::kModalities:
      read_modalities(cursor_, needs);
      break;
    case Known::kPreviousResponse:
    case Known::kConversation:
    case Known::kCachedContent:
    case Known::kExtraBody:
      if (skip_asking(cursor_)) continues_ = needs.whole_window = true;
      break;
    case Known::kPrompt:
      if (!skip_asking(cursor_)) break;
      continues_ = needs.hosted_fees = needs.whole_window = true;
      break;
    case Known::kContextManagement:
    case Known::kWebSearchOptions:
    case Known::kSearchParameters:
    case Known::kPlugins:
      if (skip_asking(cursor_)) needs.hosted_fees = needs.whole_window = true;
      break;
    default:
      cursor_.skip();
      break;
  }
  return {};
}

Status ResponsesReader::read_input() {
  if (take_null(cursor_)) return {};
  has_input_ = true;
  if (cursor_.kind() == JsonKind::kString) {
    cursor_.skip();
    return {};
  }
  constexpr std::string_view kWanted = "a string, or a non-empty array of items";
  if (cursor_.kind() != JsonKind::kArray) return bad_message("input", kWanted);
  std::size_t count = 0;
  for (cursor_.open_array(); cursor_.next_element(); ++count) {
    if (Status status = read_item(count); !status) return status;
  }
  has_input_ = count > 0;
  return {};
}

// A message may leave its type out; without a role it is a reference to an item of an earlier
// response.
Status ResponsesReader::read_item(std::size_t index) {
  if (cursor_.kind() != JsonKind::kObject) {
    return bad_message(fmt::format("input[{}]", index), "an object");
  }
  enum Seen : unsigned { kType, kRole, kContent, kOutput, kEncrypted };
  SeenMembers seen;
  bool own = false;
  bool reasoning = false;
  bool message = false;
  bool encrypted = false;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    const auto once = [&](Seen one, std::string_view name) -> Status {
      if (seen.first(one)) return {};
      return repeated_member(fmt::format("input[{}].{}", index, name));
    };
    if (member.name.is("type")) {
      if (Status first = once(kType, "type"); !first) return first;
      if (cursor_.kind() != JsonKind::kString) {
        return bad_message(fmt::format("input[{}].type", index), "a string");
      }
      const RawString type = cursor_.string();
      own = is_one_of(type, kOwnItems);
      message = type.is("message");
      reasoning = type.is("reasoning");
    } else if (member.name.is("role")) {
      if (Status first = once(kRole, "role"); !first) return first;
      if (cursor_.kind() != JsonKind::kString) {
        return bad_message(fmt::format("input[{}].role", index), "a string");
      }
      cursor_.skip();
    } else if (member.name.is("content") || member.name.is("output")) {
      const bool content = member.name.is("content");
      if (Status first = once(content ? kContent : kOutput, content ? "content" : "output");
          !first) {
        return first;
      }
      if (Status read = read_message_content(cursor_, index, parts_); !read) return read;
    } else if (member.name.is("encrypted_content")) {
      if (Status first = once(kEncrypted, "encrypted_content"); !first) return first;
      const bool text = cursor_.kind() == JsonKind::kString;
      encrypted = cursor_.skip().length > 2 && text;
    } else if (is_message_reference(member.name)) {
      if (skip_asking(cursor_)) request_.needs.whole_window = true;
    } else {
      cursor_.skip();
    }
  }
  if (!seen.has(kType)) own = message = seen.has(kRole);
  if (message && !seen.has(kRole)) {
    return bad_message(fmt::format("input[{}].role", index), "a string");
  }
  request_.needs.whole_window |= !(own || (reasoning && encrypted));
  return {};
}

Status ResponsesReader::read_text() {
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    return {};
  }
  SeenMembers seen;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (!member.name.is("format")) {
      cursor_.skip();
      continue;
    }
    if (!seen.first(0)) return repeated_member("text.format");
    if (Status read = read_response_format(cursor_, "text.format", request_.needs); !read) {
      return read;
    }
  }
  return {};
}

Status ResponsesReader::read_background() {
  const JsonKind kind = cursor_.kind();
  if (kind != JsonKind::kFalse && kind != JsonKind::kNull) {
    return std::unexpected(
        Error{.code = ErrorCode::kInvalidRequest,
              .message = "'background' is not served here: the answer is waited for. Leave it out, "
                         "and ask for a stream where the answer takes long.",
              .param = "background"});
  }
  cursor_.skip();
  return {};
}

}  // namespace

Result<ChatRequest> read_responses_request(std::string_view body, ModelMember model) {
  return ResponsesReader(body, model).read();
}

}  // namespace tollgate
