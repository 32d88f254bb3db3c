// WholeAnswer: a non-streamed answer as it arrives. Held whole while it is small; of a large one
// the end is kept, where providers write the usage.
#pragma once

#include <string>
#include <string_view>

#include "dialects/reported_usage.h"
#include "upstream/encode.h"

namespace tollgate {

// Answers larger than this are relayed as they come, the last kHeldBack bytes after the commit.
inline constexpr std::size_t kHeldAnswerMax = 8 * 1024 * 1024;
inline constexpr std::size_t kHeldBack = 64;

// What the answer's own usage object says, found in its last bytes as a provider of that dialect
// writes it; kAbsent where it is not among them, or they are not the end of an answer.
ReportedUsage usage_at_end(AnswerDialect dialect, std::string_view end);
// Likewise of an error answer, all of which is there; kAbsent where it is no JSON object.
ReportedUsage usage_of_refusal(AnswerDialect dialect, std::string_view body);

class WholeAnswer {
 public:
  void append(std::string_view bytes);
  std::size_t size() const { return bytes_.size(); }
  std::string_view view() const { return bytes_; }

  // For an answer too large to hold: what may be relayed now, all but the last `keep` bytes.
  std::string take_all_but(std::size_t keep);
  // The usage of a large answer, from its end, as a provider of that dialect writes it.
  ReportedUsage usage_at_end(AnswerDialect dialect) const;
  // Its content, were all of it text: an upper estimate.
  ContentCount content_estimate() const;

 private:
  std::string bytes_;
  std::string tail_;  // the last bytes that were taken
  std::size_t taken_ = 0;
};

}  // namespace tollgate
