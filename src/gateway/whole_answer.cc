#include "gateway/whole_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "dialects/anthropic_answer.h"
#include "dialects/openai_chunk.h"
#include "dialects/response_answer.h"
#include "dialects/unit_answer.h"

namespace tollgate {

namespace {

// A usage object and what a provider may write behind it fit in this.
constexpr std::size_t kTailBytes = 4 * 1024;
// An answer that is this large already gets room for the largest that is held.
constexpr std::size_t kGrownOnceFrom = 1024 * 1024;

// `member` is `"usage": {…}`, if it is cut off in the right place.
std::optional<ReportedUsage> read_usage(AnswerDialect dialect, std::string_view member) {
  if (dialect == AnswerDialect::kUnits) return read_unit_usage_member(member);
  if (dialect == AnswerDialect::kResponses) {
    const auto answer = read_response_answer(fmt::format(R"({{"output":[],{}}})", member));
    if (!answer) return std::nullopt;
    return answer->usage;
  }
  if (dialect == AnswerDialect::kAnthropic) {
    const auto answer = read_anthropic_answer(fmt::format(R"({{"content":[],{}}})", member));
    if (!answer) return std::nullopt;
    return answer->usage;
  }
  const auto chunk = read_openai_chunk(fmt::format("{{{}}}", member));
  if (!chunk) return std::nullopt;
  return chunk->usage;
}

}  // namespace

ReportedUsage usage_at_end(AnswerDialect dialect, std::string_view end) {
  const std::size_t name = end.rfind("\"usage\"");
  if (name == std::string_view::npos) return {};
  // The shortest object that parses: usage holds objects of its own, but no text with braces.
  for (std::size_t close = end.find('}', name); close != std::string_view::npos;
       close = end.find('}', close + 1)) {
    const auto usage = read_usage(dialect, end.substr(name, close + 1 - name));
    if (usage) return *usage;
  }
  return {};
}

void WholeAnswer::append(std::string_view bytes) {
  // Doubled, it would be held twice over while it moves, and take as much again as it holds.
  const bool grows = bytes_.size() + bytes.size() > bytes_.capacity();
  if (grows && bytes_.size() > kGrownOnceFrom && bytes_.size() <= kHeldAnswerMax) {
    bytes_.reserve(kHeldAnswerMax + std::max(bytes.size(), kGrownOnceFrom));
  }
  bytes_.append(bytes);
}

std::string WholeAnswer::take_all_but(std::size_t keep) {
  if (bytes_.size() <= keep) return {};
  std::string taken = std::exchange(bytes_, bytes_.substr(bytes_.size() - keep));
  taken.resize(taken.size() - keep);
  taken_ += taken.size();
  tail_.append(taken, taken.size() - std::min(taken.size(), kTailBytes));
  if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  return taken;
}

ReportedUsage WholeAnswer::usage_at_end(AnswerDialect dialect) const {
  return tollgate::usage_at_end(dialect, tail_ + bytes_);
}

ContentCount WholeAnswer::content_estimate() const {
  const auto bytes = static_cast<std::int64_t>(taken_ + bytes_.size());
  return {.deltas = bytes, .text_bytes = bytes};
}

}  // namespace tollgate
