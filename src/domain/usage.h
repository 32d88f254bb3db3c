// What a request used, how we know, and what was odd about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
  std::int64_t video_input = 0;
  std::int64_t output = 0;
  std::int64_t reasoning_output = 0;
  std::int64_t audio_output = 0;

  // Each figure is at most kReportedTokensMax (domain/metering.h): some may be added up.
  void add(const TokenUsage& more);
  bool operator==(const TokenUsage&) const = default;
};

// What is billed beside tokens, by the piece.
struct BilledUnits {
  std::int64_t requests = 1;    // of a rerank: searches, each of up to a hundred documents
  std::int64_t images = 0;      // made
  std::int64_t characters = 0;  // spoken
  std::int64_t audio_ms = 0;    // heard or spoken

  bool operator==(const BilledUnits&) const = default;
};

// SPEC §8 "how metered".
enum class Metering { kReported, kCounted, kEstimated, kInterrupted, kOverrun };
std::string_view metering_name(Metering metering);
std::optional<Metering> metering_from_name(std::string_view name);

// What an operator should look at in a row: the names in its `flags`.
enum class UsageFlag {
  kBelowCount,     // the provider reported less output than was seen
  kUnpricedUnit,   // a unit without a price of its own, charged at the dearest
  kCostSaturated,  // the cost is beyond kRowCostMax, and stands at it
};
std::string_view usage_flag_name(UsageFlag flag);

class UsageFlags {
 public:
  void add(UsageFlag flag) { bits_ |= 1U << static_cast<unsigned>(flag); }
  void add(UsageFlags more) { bits_ |= more.bits_; }
  bool has(UsageFlag flag) const { return (bits_ >> static_cast<unsigned>(flag) & 1U) != 0; }
  // The names, comma-separated, in the order of the enum; empty for none.
  std::string text() const;
  bool operator==(const UsageFlags&) const = default;

 private:
  unsigned bits_ = 0;
};

// What was seen of an answer itself, over all choices: content, reasoning, refusal and
// tool-argument text.
struct ContentCount {
  std::int64_t deltas = 0;      // pieces that carried any text
  std::int64_t text_bytes = 0;  // decoded bytes

  void add(const ContentCount& more) {
    deltas += more.deltas;
    text_bytes += more.text_bytes;
  }
};

// Rule 4's count of streamed output, where the provider sends no running usage:
// max(min(deltas, ⌊bytes/4⌋), ⌊bytes/16⌋), over all choices (SPEC §5).
std::int64_t counted_output(std::int64_t content_deltas, std::int64_t text_bytes);
// Rule 5's estimate of input: ⌈body bytes without media / 4⌉.
// REQUIRES: body_bytes ≥ 0.
std::int64_t estimated_input(std::int64_t body_bytes);

}  // namespace tollgate
