// Reads one event of a streamed message (platform.claude.com/docs/en/build-with-claude/streaming)
// from its data; the event's name is not needed, `type` says the same. Pure; called for every
// event: views point into the payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "dialects/anthropic_usage.h"
#include "dialects/byte_range.h"
#include "dialects/reported_usage.h"

namespace tollgate {

inline constexpr std::size_t kEventNameLengthMax = 64;
inline constexpr std::int64_t kBlockIndexMax = 1'000'000;

enum class AnthropicEventType {
  kMessageStart,
  kBlockStart,
  kBlockDelta,
  kBlockStop,
  kMessageDelta,
  kMessageStop,
  kPing,
  kError,
  kOther,  // new kinds may come at any time (…/api/versioning)
};

struct AnthropicEvent {
  AnthropicEventType type = AnthropicEventType::kOther;
  std::string_view name;     // `type` as it stands: safe for an SSE event line
  std::int64_t index = -1;   // of a block
  bool stop_reason = false;  // (message_delta) says one
  bool has_usage = false;
  ContentCount content;
  std::optional<ByteRange> model_value;  // (message_start) message.model, with its quotes
  std::optional<ByteRange> usage_value;  // (message_delta) usage, null too
};

// What the event says of usage is read into `usage`. kProviderError unless the payload is one valid
// JSON object with a `type` of 1 to kEventNameLengthMax letters, digits or _ . -, the first of
// which holds; a block's event without a sound index; a message_start without a message, or with
// two models; a message_delta with two usages.
Result<AnthropicEvent> read_anthropic_event(std::string_view payload, AnthropicUsage& usage);

}  // namespace tollgate
