#include "gateway/whole_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "dialects/anthropic_answer.h"
#include "dialects/chat_request.h"
#include "dialects/json_cursor.h"
#include "dialects/openai_chunk.h"
#include "dialects/response_answer.h"
#include "dialects/unit_answer.h"

namespace tollgate {

namespace {

// A usage object and what a provider may write behind it fit in this.
constexpr std::size_t kTailBytes = 4 * 1024;
// An answer that is this large already gets room for the largest that is held.
constexpr std::size_t kGrownOnceFrom = 1024 * 1024;

// `value` is that of a member `usage`; kAbsent if it is no JSON.
ReportedUsage read_usage(AnswerDialect dialect, std::string_view value) {
  const std::string member = fmt::format(R"("usage":{})", value);
  if (dialect == AnswerDialect::kUnits)
    return read_unit_usage_member(member).value_or(ReportedUsage{});
  if (dialect == AnswerDialect::kResponses) {
    const auto answer = read_response_answer(fmt::format(R"({{"output":[],{}}})", member));
    if (!answer) return {};
    return answer->usage;
  }
  if (dialect == AnswerDialect::kAnthropic) {
    const auto answer = read_anthropic_answer(fmt::format(R"({{"content":[],{}}})", member));
    if (!answer) return {};
    return answer->usage;
  }
  const auto chunk = read_openai_chunk(fmt::format("{{{}}}", member));
  if (!chunk) return {};
  return chunk->usage;
}

// The object that is the value of a member of the outermost object, whose name ends where `rest`
// begins; `rest` is all that follows of the document. Empty where it is another member, or a value.
std::string_view outermost_object(std::string_view rest) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t colon = rest.find_first_not_of(kSpace);
  if (colon == std::string_view::npos || rest[colon] != ':') return {};
  const std::size_t begin = rest.find_first_not_of(kSpace, colon + 1);
  if (begin == std::string_view::npos || rest[begin] != '{') return {};
  std::size_t end = begin;  // of the value
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = begin; at < rest.size() && depth >= 0; ++at) {
    const char c = rest[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      ++depth;
    } else if (!quoted && (c == '}' || c == ']')) {
      --depth;
      if (depth == 0 && end == begin) end = at + 1;
      if (depth < 0 && rest.find_first_not_of(kSpace, at + 1) != std::string_view::npos) return {};
    }
  }
  return depth < 0 ? rest.substr(begin, end - begin) : std::string_view();
}

}  // namespace

ReportedUsage usage_at_end(AnswerDialect dialect, std::string_view end) {
  // What a client sent may stand in the answer too, even behind the usage, and may be called that.
  constexpr std::string_view kName = "\"usage\"";
  for (std::size_t name = end.rfind(kName); name != std::string_view::npos;
       name = name == 0 ? std::string_view::npos : end.rfind(kName, name - 1)) {
    const std::string_view value = outermost_object(end.substr(name + kName.size()));
    if (!value.empty()) return read_usage(dialect, value);
  }
  return {};
}

ReportedUsage usage_of_refusal(AnswerDialect dialect, std::string_view body) {
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject) return {};
  std::string_view value;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    const bool usage = member.name.is("usage");
    const ByteRange where = cursor.skip();
    if (usage) value = where.in(body);
  }
  if (!cursor.finish() || value.empty()) return {};
  return read_usage(dialect, value);
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
