#include "dialects/message_reader.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tollgate {

void close_block(std::vector<std::int64_t>& open, std::int64_t index) {
  const auto found = std::ranges::find(open, index);
  if (found != open.end()) open.erase(found);
}

Result<StreamFacts> MessageReader::read(std::string_view payload) {
  Result<AnthropicEvent> event = read_anthropic_event(payload, usage_);
  if (!event) return std::unexpected(std::move(event.error()));
  event_ = *event;
  if (const std::string_view fault = step(); !fault.empty()) {
    return fail(ErrorCode::kProviderError,
                "The provider's stream could not be read. Try again, or choose another model.",
                std::string(fault));
  }
  final_usage_ |= event_.type == AnthropicEventType::kMessageDelta && event_.has_usage;
  return facts();
}

// Empty, or what is wrong.
std::string_view MessageReader::step() {
  switch (event_.type) {
    case AnthropicEventType::kPing:
    case AnthropicEventType::kError:
    case AnthropicEventType::kOther:
      return {};
    case AnthropicEventType::kMessageStart:
      return std::exchange(started_, true) ? "a second message_start" : std::string_view();
    default:
      break;
  }
  if (!started_) return "an event before message_start";
  if (stopped_) return "an event behind message_stop";
  if (event_.type == AnthropicEventType::kMessageDelta) return {};
  if (event_.type == AnthropicEventType::kMessageStop) {
    stopped_ = true;
    return {};
  }
  return step_block();
}

std::string_view MessageReader::step_block() {
  const bool is_open = std::ranges::find(open_, event_.index) != open_.end();
  if (event_.type != AnthropicEventType::kBlockStart) {
    if (!is_open) return "a block that is not open";
    if (event_.type == AnthropicEventType::kBlockStop) close_block(open_, event_.index);
    return {};
  }
  if (is_open) return "a block that begins twice";
  if (open_.size() == kOpenBlocksMax) return "too many open blocks";
  open_.push_back(event_.index);
  return {};
}

StreamFacts MessageReader::facts() const {
  StreamFacts facts;
  facts.done = event_.type == AnthropicEventType::kMessageStop;
  facts.error = event_.type == AnthropicEventType::kError;
  facts.finish_reason = event_.stop_reason;
  facts.content = event_.content;
  facts.opening_usage = event_.type == AnthropicEventType::kMessageStart;
  if (event_.has_usage) facts.usage = usage_.reported();
  // What message_start said is no usage of the whole answer.
  if (facts.done && !final_usage_) facts.usage = {.state = UsageState::kInvalid, .tokens = {}};
  return facts;
}

}  // namespace tollgate
