#include "dialects/messages_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dialects/json_cursor.h"
#include "dialects/message_blocks.h"
#include "dialects/request_members.h"
#include "dialects/request_parts.h"
#include "dialects/seen_members.h"

namespace tollgate {
namespace {

// The members that policy or a translation reads, in the order of kNames.
enum class Known : std::uint8_t {
  kModel,
  kMaxTokens,
  kStream,
  kMessages,
  kSystem,
  kTools,
  kOutputConfig,
  kOutputFormat,
  kRoute,
  // Served at another price, in other turns, or from what stands at the provider.
  kSpeed,
  kCompaction,
  kContextManagement,
  kMcpServers,
  kContainer,
  kThread,
  // The provider would choose what policy has to.
  kFallbacks,
  kModels,
  kInferenceGeo,
  kServiceTier,
  // Only that they stand once.
  kToolChoice,
  kThinking,
  kStopSequences,
  kTemperature,
  kTopP,
  kTopK,
  kMetadata,
  kOther,
};
constexpr std::array<std::string_view, 26> kNames = {
    "model",       "max_tokens",     "stream",        "messages",
    "system",      "tools",          "output_config", "output_format",
    "route",       "speed",          "compaction",    "context_management",
    "mcp_servers", "container",      "thread",        "fallbacks",
    "models",      "inference_geo",  "service_tier",  "tool_choice",
    "thinking",    "stop_sequences", "temperature",   "top_p",
    "top_k",       "metadata"};

std::string_view name_of(Known known) { return kNames[static_cast<std::size_t>(known)]; }

std::unexpected<Error> not_the_providers_choice(Known known) {
  return not_passed_on(name_of(known),
                       known == Known::kInferenceGeo
                           ? "Choose a region with 'route.region' or the header X-Tollgate-Region."
                           : kOwnFallback);
}

// Edits of the context that only drop what is in it cost nothing more; any other may.
bool edits_cost_more(JsonCursor& cursor) {
  bool more = false;
  for (cursor.open_array(); cursor.next_element();) {
    bool drops = false;
    if (cursor.kind() == JsonKind::kObject) {
      JsonCursor::Member member;
      for (cursor.open_object(); cursor.next_member(member);) {
        if (member.name.is("type") && cursor.kind() == JsonKind::kString) {
          drops = cursor.string().starts_with("clear_");
          more |= !drops;  // of two types, either may hold
        } else {
          cursor.skip();
        }
      }
    } else {
      cursor.skip();
    }
    more |= !drops;
  }
  return more;
}

class MessagesReader {
 public:
  MessagesReader(std::string_view body, CompletionKind kind, ModelMember model)
      : body_(body), cursor_(body, kRequestDepthMax), model_(model) {
    request_.kind = kind;
    request_.include_usage = true;
  }

  Result<ChatRequest> read();

 private:
  Status read_document();
  Status check_required() const;
  Status read_member(Known known, const JsonCursor::Member& member);
  Status read_messages();
  Status read_message(const RequestPlace& place);
  Status read_output_config();
  void read_speed();
  void read_context_management();
  bool has(Known known) const { return seen_.has(static_cast<unsigned>(known)); }

  std::string_view body_;
  JsonCursor cursor_;
  ModelMember model_;
  ChatRequest request_;
  PartNeeds parts_{.needs = request_.needs};
  SeenMembers seen_;
};

Result<ChatRequest> MessagesReader::read() {
  Status status = read_document();
  if (!status) return refused_body(body_, std::move(status.error()));
  request_.model_given = has(Known::kModel);
  RequestNeeds& needs = request_.needs;
  needs.text_bytes = static_cast<std::int64_t>(body_.size()) - parts_.media_bytes;
  needs.max_tokens = request_.max_tokens;
  return std::move(request_);
}

Status MessagesReader::read_document() {
  Status members = read_known_members<Known>(
      cursor_, request_, seen_, kNames,
      [this](Known known, const JsonCursor::Member& member) { return read_member(known, member); });
  if (!members) return members;
  return check_required();
}

Status MessagesReader::check_required() const {
  if (!has(Known::kModel) && model_ == ModelMember::kRequired) return model_missing();
  if (!has(Known::kMessages))
    return bad_message("messages", "there: a non-empty array of messages");
  if (request_.kind == CompletionKind::kMessages && !request_.max_tokens) {
    return wrong_type("max_tokens", "there: how many tokens the answer may have at most");
  }
  return {};
}

Status MessagesReader::read_member(Known known, const JsonCursor::Member& member) {
  RequestNeeds& needs = request_.needs;
  switch (known) {
    case Known::kModel:
      return read_model(cursor_, request_, model_);
    case Known::kMaxTokens:
      // None at all fills the prompt cache.
      return read_token_limit(cursor_, name_of(known), 0, request_.max_tokens,
                              request_.max_tokens_value);
    case Known::kStream:
      return read_stream(cursor_, request_);
    case Known::kMessages:
      return read_messages();
    case Known::kSystem:
      if (take_null(cursor_)) return {};
      return read_blocks(cursor_, {.member = name_of(known)}, parts_);
    case Known::kTools:
      return read_anthropic_tools(cursor_, needs);
    case Known::kOutputConfig:
      return read_output_config();
    case Known::kOutputFormat:
      return read_response_format(cursor_, name_of(known), needs);
    case Known::kRoute:
      return read_route(cursor_, member, body_, request_);
    case Known::kSpeed:
      read_speed();
      break;
    case Known::kContextManagement:
      read_context_management();
      break;
    case Known::kThread:
      if (skip_asking(cursor_)) needs.whole_window = true;
      break;
    case Known::kCompaction:
    case Known::kMcpServers:
    case Known::kContainer:
      if (skip_asking(cursor_)) needs.hosted_fees = needs.whole_window = true;
      break;
    case Known::kServiceTier:
      needs.hosted_fees |= asks_for_dearer_service(cursor_);
      break;
    case Known::kFallbacks:
    case Known::kModels:
    case Known::kInferenceGeo:
      if (skip_asking(cursor_)) return not_the_providers_choice(known);
      break;
    default:
      cursor_.skip();
      break;
  }
  return {};
}

Status MessagesReader::read_messages() {
  if (cursor_.kind() != JsonKind::kArray) return bad_message("messages", "a non-empty array");
  std::size_t count = 0;
  for (cursor_.open_array(); cursor_.next_element(); ++count) {
    if (Status status = read_message({.member = "messages", .index = count}); !status)
      return status;
  }
  if (count == 0) return bad_message("messages", "a non-empty array");
  return {};
}

Status MessagesReader::read_message(const RequestPlace& place) {
  if (cursor_.kind() != JsonKind::kObject) return bad_message(place.text(), "an object");
  const RequestPlace role{.around = &place, .member = "role"};
  const RequestPlace content{.around = &place, .member = "content"};
  SeenMembers seen;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("role")) {
      if (!seen.first(0)) return repeated_member(role.text());
      if (cursor_.kind() != JsonKind::kString) return bad_message(role.text(), "a string");
      cursor_.skip();
    } else if (member.name.is("content")) {
      if (!seen.first(1)) return repeated_member(content.text());
      if (Status blocks = read_blocks(cursor_, content, parts_); !blocks) return blocks;
    } else {
      cursor_.skip();
    }
  }
  if (!seen.has(0)) return bad_message(role.text(), "a string");
  if (!seen.has(1)) return bad_message(content.text(), "a string or an array of content blocks");
  return {};
}

Status MessagesReader::read_output_config() {
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    return {};
  }
  constexpr std::string_view kFormat = "output_config.format";
  SeenMembers seen;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (!member.name.is("format")) {
      cursor_.skip();
      continue;
    }
    if (!seen.first(0)) return repeated_member(std::string(kFormat));
    if (Status read = read_response_format(cursor_, kFormat, request_.needs); !read) return read;
  }
  return {};
}

void MessagesReader::read_speed() {
  if (take_null(cursor_)) return;
  if (cursor_.kind() == JsonKind::kString) {
    request_.needs.hosted_fees |= !cursor_.string().is("standard");
  } else {
    cursor_.skip();
    request_.needs.hosted_fees = true;
  }
}

void MessagesReader::read_context_management() {
  if (take_null(cursor_)) return;
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    request_.needs.hosted_fees = true;
    return;
  }
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("edits") && cursor_.kind() == JsonKind::kArray) {
      request_.needs.hosted_fees |= edits_cost_more(cursor_);
    } else if (skip_asking(cursor_)) {
      request_.needs.hosted_fees = true;
    }
  }
}

}  // namespace

Result<ChatRequest> read_messages_request(std::string_view body, ModelMember model) {
  return MessagesReader(body, CompletionKind::kMessages, model).read();
}

Result<ChatRequest> read_count_tokens_request(std::string_view body, ModelMember model) {
  return MessagesReader(body, CompletionKind::kCountTokens, model).read();
}

}  // namespace tollgate
