// What a request used, and how we know.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tollgate {

// Tokens as the provider's usage object counts them. Parts are included in their whole:
// cached_input, cache_write* and *_input in input; reasoning_output, audio_output in output.
struct TokenUsage {
  std::int64_t input = 0;
  std::int64_t cached_input = 0;
  std::int64_t cache_write = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t audio_input = 0;
  std::int64_t image_input = 0;
  std::int64_t output = 0;
  std::int64_t reasoning_output = 0;
  std::int64_t audio_output = 0;

  bool operator==(const TokenUsage&) const = default;
};

// SPEC §8 "how metered".
enum class Metering { kReported, kCounted, kEstimated, kInterrupted, kOverrun };
std::string_view metering_name(Metering metering);
std::optional<Metering> metering_from_name(std::string_view name);

// Rule 4's count of streamed output, where the provider sends no running usage:
// max(min(deltas, ⌊bytes/4⌋), ⌊bytes/16⌋), over all choices (SPEC §5).
std::int64_t counted_output(std::int64_t content_deltas, std::int64_t text_bytes);
// Rule 5's estimate of input: ⌈body bytes without media / 4⌉.
// REQUIRES: body_bytes ≥ 0.
std::int64_t estimated_input(std::int64_t body_bytes);

}  // namespace tollgate
