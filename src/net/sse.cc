#include "net/sse.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate::net {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The place of the first CR or LF, or the size. Two passes of memchr over a window beat one loop
// over the bytes; the window bounds what a stream with lone CRs costs.
std::size_t line_end(std::string_view text) {
  constexpr std::size_t kWindow = 512;
  for (std::size_t at = 0; at < text.size(); at += kWindow) {
    const std::string_view window = text.substr(at, kWindow);
    const std::size_t line_feed = std::min(window.find('\n'), window.size());
    const std::size_t first = std::min(window.substr(0, line_feed).find('\r'), line_feed);
    if (first < window.size()) return at + first;
  }
  return text.size();
}

// The value of the field `name` if this line is one (one space after the colon is dropped).
std::optional<std::string_view> field_value(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

// Kept for the next event; what was larger than most is given back.
constexpr std::size_t kKeptBytes = 64 * 1024;

// A string that is assigned an empty one keeps its room.
void give_back(std::string& text) { std::string().swap(text); }

void empty(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptBytes) give_back(text);
}

}  // namespace

void SseReader::feed(std::string_view bytes) {
  if (oversized_) return;
  check(piece_.empty(), "an SSE reader was fed before it was read empty");
  piece_ = bytes;
}

Result<std::optional<SseEvent>> SseReader::next() {
  if (held_returned_) {
    empty(held_);
    empty(joined_);
    held_returned_ = false;
  }
  skip_byte_order_mark();
  while (!oversized_ && !piece_.empty()) {
    const std::size_t end = find_end(piece_);
    const std::string_view part = piece_.substr(0, end);
    oversized_ = held_.size() + part.size() > event_bytes_max_;
    if (oversized_) break;
    piece_.remove_prefix(part.size());
    if (end == kNoEnd) {
      hold(part);
      break;
    }
    std::string_view raw = part;
    if (!held_.empty()) raw = hold(part);
    if (std::optional<SseEvent> event = read_event(raw)) {
      held_returned_ = !held_.empty();
      return event;
    }
    empty(held_);
  }
  if (oversized_) {
    piece_ = {};
    give_back(held_);
    return fail(ErrorCode::kProviderError, "The provider sent an event that is too large.");
  }
  return std::optional<SseEvent>();
}

// All that is held. A large event gets the room of the largest at once: while room is doubled the
// old stands beside the new, and one at the limit would take twice that.
std::string_view SseReader::hold(std::string_view part) {
  const std::size_t size = held_.size() + part.size();
  if (size > held_.capacity() && size > event_bytes_max_ / 4) held_.reserve(event_bytes_max_);
  return held_.append(part);
}

bool SseReader::mid_event() const {
  const bool holds = !held_.empty() && !held_returned_;
  return holds || oversized_ || mark_bytes_ > 0 || !piece_.empty();
}

void SseReader::skip_byte_order_mark() {
  while (!mark_passed_ && !piece_.empty()) {
    const auto seen = static_cast<std::size_t>(mark_bytes_);
    if (piece_.front() != kByteOrderMark[seen]) {
      held_.append(kByteOrderMark.substr(0, seen));
      if (seen > 0) line_empty_ = false;
      mark_passed_ = true;
    } else {
      piece_.remove_prefix(1);
      mark_passed_ = seen + 1 == kByteOrderMark.size();
      ++mark_bytes_;
    }
    if (mark_passed_) mark_bytes_ = 0;
  }
}

// The length of the event's last part in `bytes`, or kNoEnd when it goes on; keeps its place.
std::size_t SseReader::find_end(std::string_view bytes) {
  std::size_t at = 0;
  const auto ended_at = [this](std::size_t end) {
    line_empty_ = true;
    after_cr_ = crlf_ = blank_cr_ = false;
    return end;
  };
  while (at < bytes.size()) {
    const char byte = bytes[at];
    if (blank_cr_) return ended_at(byte == '\n' ? at + 1 : at);
    if (after_cr_) {
      after_cr_ = false;
      if (byte == '\n') {
        crlf_ = true;
        ++at;
        continue;
      }
    }
    if (line_empty_ && byte == '\n') return ended_at(at + 1);
    if (line_empty_ && byte == '\r') {
      ++at;
      if (!crlf_) return ended_at(at);
      blank_cr_ = true;
      continue;
    }
    const std::size_t line_bytes = line_end(bytes.substr(at));
    if (line_bytes > 0) line_empty_ = false;
    at += line_bytes;
    if (at == bytes.size()) break;
    after_cr_ = bytes[at] == '\r';
    crlf_ = false;
    line_empty_ = true;
    ++at;
  }
  return kNoEnd;
}

// Nothing if no line of the event is a data line.
std::optional<SseEvent> SseReader::read_event(std::string_view raw) {
  SseEvent event{.raw = raw, .event = {}, .data = {}};
  int data_lines = 0;
  while (!raw.empty()) {
    const std::string_view line = raw.substr(0, line_end(raw));
    raw.remove_prefix(std::min(line.size() + 1, raw.size()));
    if (const auto data = field_value(line, "data")) {
      if (data_lines == 1) {
        joined_.reserve(event.raw.size());  // once: it is never longer
        joined_.assign(event.data);
      }
      if (data_lines >= 1) joined_.append("\n").append(*data);
      event.data = data_lines == 0 ? *data : std::string_view(joined_);
      ++data_lines;
    } else if (const auto type = field_value(line, "event")) {
      event.event = *type;
    }
  }
  if (data_lines == 0) return std::nullopt;
  return event;
}

}  // namespace tollgate::net
