#include "dialects/message_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json.h"
#include "dialects/json_text.h"
#include "dialects/message_events.h"

namespace tollgate {
namespace {

bool is_empty_object(std::string_view object) {
  return std::ranges::all_of(object.substr(1, object.size() - 2), is_json_space);
}

}  // namespace

MessageStream::MessageStream(std::string_view public_model)
    : model_json_(json_string(public_model)) {}

Result<StreamFacts> MessageStream::read(std::string_view payload) {
  payload_ = payload;
  return reader_.read(payload);
}

void MessageStream::append(std::string& out) {
  const AnthropicEvent& event = reader_.event();
  switch (event.type) {
    case AnthropicEventType::kMessageStart:
      relayed_start_ = true;
      if (event.model_value) {
        return append_relayed_event(out, event.name, payload_, *event.model_value, model_json_);
      }
      break;
    case AnthropicEventType::kMessageDelta:
      if (!held_.empty()) append_relayed_event(out, event.name, held_);
      held_ = payload_;
      held_usage_ = event.usage_value;
      return;
    case AnthropicEventType::kMessageStop:
    case AnthropicEventType::kError:
      return;
    case AnthropicEventType::kBlockStart:
      relayed_open_.push_back(event.index);
      break;
    case AnthropicEventType::kBlockStop:
      close_block(relayed_open_, event.index);
      break;
    default:
      break;
  }
  append_relayed_event(out, event.name, payload_);
}

void MessageStream::append_ending(std::string& out, const StreamEnding& ending) {
  if (!relayed_start_) append_message_start(out, R"("")", model_json_);
  for (const std::int64_t index : relayed_open_) append_block_stop(out, index);
  if (ending.end == StreamEnd::kBounded) {
    append_message_delta(out, "max_tokens", ending.tokens, ending.cost);
  } else if (held_.empty()) {
    append_message_delta(out, "end_turn", ending.tokens, ending.cost);
  } else {
    append_held(out, ending);
  }
  append_message_stop(out);
}

// The provider's own last message_delta, with what it cost, or with the usage it does not say.
void MessageStream::append_held(std::string& out, const StreamEnding& ending) {
  const std::string_view value = held_usage_ ? held_usage_->in(held_) : std::string_view();
  if (value.starts_with('{')) {
    const std::string cost =
        fmt::format(R"("cost":{}{})", json_string(ending.cost), is_empty_object(value) ? "" : ",");
    return append_relayed_event(out, "message_delta", held_, {held_usage_->offset + 1, 0}, cost);
  }
  std::string usage;
  append_anthropic_usage(usage, ending.tokens, ending.cost);
  if (held_usage_) return append_relayed_event(out, "message_delta", held_, *held_usage_, usage);
  // A comma is always right: `type` stands in the object too.
  append_relayed_event(out, "message_delta", held_, {held_.find('{') + 1, 0},
                       fmt::format(R"("usage":{},)", usage));
}

}  // namespace tollgate
