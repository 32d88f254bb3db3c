#include "dialects/message_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json.h"
#include "dialects/json_text.h"
#include "dialects/message_events.h"

namespace tollgate {
namespace {

void close(std::vector<std::int64_t>& open, std::int64_t index) {
  const auto found = std::ranges::find(open, index);
  if (found != open.end()) open.erase(found);
}

bool is_empty_object(std::string_view object) {
  return std::ranges::all_of(object.substr(1, object.size() - 2), is_json_space);
}

}  // namespace

std::string_view MessageOrder::step(const AnthropicEvent& event) {
  switch (event.type) {
    case AnthropicEventType::kPing:
    case AnthropicEventType::kError:
    case AnthropicEventType::kOther:
      return {};
    case AnthropicEventType::kMessageStart:
      if (started_) return "a second message_start";
      started_ = true;
      return {};
    default:
      break;
  }
  if (!started_) return "an event before message_start";
  if (stopped_) return "an event behind message_stop";
  if (event.type == AnthropicEventType::kMessageStop) stopped_ = true;
  if (event.type == AnthropicEventType::kMessageStop ||
      event.type == AnthropicEventType::kMessageDelta) {
    return {};
  }
  return step_block(event);
}

std::string_view MessageOrder::step_block(const AnthropicEvent& event) {
  const bool is_open = std::ranges::find(open_, event.index) != open_.end();
  if (event.type != AnthropicEventType::kBlockStart) {
    if (!is_open) return "a block that is not open";
    if (event.type == AnthropicEventType::kBlockStop) close(open_, event.index);
    return {};
  }
  if (is_open) return "a block that begins twice";
  if (open_.size() == kOpenBlocksMax) return "too many open blocks";
  open_.push_back(event.index);
  return {};
}

StreamFacts facts_of(const AnthropicEvent& event, const AnthropicUsage& usage, bool final_usage) {
  StreamFacts facts;
  facts.done = event.type == AnthropicEventType::kMessageStop;
  facts.error = event.type == AnthropicEventType::kError;
  facts.finish_reason = event.stop_reason;
  facts.content = event.content;
  facts.opening_usage = event.type == AnthropicEventType::kMessageStart;
  if (event.has_usage) facts.usage = usage.reported();
  // What message_start said is no usage of the whole answer.
  if (facts.done && !final_usage) facts.usage = {.state = UsageState::kInvalid, .tokens = {}};
  return facts;
}

MessageStream::MessageStream(std::string_view public_model)
    : model_json_(json_string(public_model)) {}

Result<StreamFacts> MessageStream::read(std::string_view payload) {
  Result<AnthropicEvent> event = read_anthropic_event(payload, usage_);
  if (!event) return std::unexpected(std::move(event.error()));
  if (const std::string_view fault = order_.step(*event); !fault.empty()) {
    return fail(ErrorCode::kProviderError,
                "The provider's stream could not be read. Try again, or choose another model.",
                std::string(fault));
  }
  event_ = *event;
  payload_ = payload;
  final_usage_ |= event_.type == AnthropicEventType::kMessageDelta && event_.has_usage;
  return facts_of(event_, usage_, final_usage_);
}

void MessageStream::append(std::string& out) {
  switch (event_.type) {
    case AnthropicEventType::kMessageStart:
      relayed_start_ = true;
      if (event_.model_value) {
        return append_relayed_event(out, event_.name, payload_, *event_.model_value, model_json_);
      }
      break;
    case AnthropicEventType::kMessageDelta:
      if (!held_.empty()) append_relayed_event(out, event_.name, held_);
      held_ = payload_;
      held_usage_ = event_.usage_value;
      return;
    case AnthropicEventType::kMessageStop:
    case AnthropicEventType::kError:
      return;
    case AnthropicEventType::kBlockStart:
      relayed_open_.push_back(event_.index);
      break;
    case AnthropicEventType::kBlockStop:
      close(relayed_open_, event_.index);
      break;
    default:
      break;
  }
  append_relayed_event(out, event_.name, payload_);
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
