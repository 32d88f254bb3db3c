#include "gateway/whole_answer.h"

#include <algorithm>

#include "dialects/openai_chunk.h"

namespace tollgate {

namespace {

// A usage object and what a provider may write behind it fit in this.
constexpr std::size_t kTailBytes = 4 * 1024;

}  // namespace

std::string WholeAnswer::take_all_but(std::size_t keep) {
  if (bytes_.size() <= keep) return {};
  std::string taken = bytes_.substr(0, bytes_.size() - keep);
  bytes_.erase(0, taken.size());
  taken_ += taken.size();
  tail_.append(taken, taken.size() - std::min(taken.size(), kTailBytes));
  if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  return taken;
}

ReportedUsage WholeAnswer::usage_at_end() const {
  const std::string end = tail_ + bytes_;
  const std::size_t name = end.rfind("\"usage\"");
  if (name == std::string::npos) return {};
  // The shortest object that parses: usage holds objects of its own, but no text with braces.
  for (std::size_t close = end.find('}', name); close != std::string::npos;
       close = end.find('}', close + 1)) {
    const std::string object = "{" + end.substr(name, close + 1 - name) + "}";
    const auto chunk = read_openai_chunk(object);
    if (chunk) return chunk->usage;
  }
  return {};
}

ContentCount WholeAnswer::content_estimate() const {
  const auto bytes = static_cast<std::int64_t>(taken_ + bytes_.size());
  return {.deltas = bytes, .text_bytes = bytes};
}

}  // namespace tollgate
