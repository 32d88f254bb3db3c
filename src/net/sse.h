// SseReader: Server-Sent Events as a stream of bytes gives them (WHATWG HTML §9.2.6), for relaying
// a provider's stream chunk by chunk. Sans I/O; one reader per stream, on its thread.
//
//   reader.feed(bytes);
//   while (true) {
//     auto event = reader.next();           // error: the stream is unusable
//     if (!event) return std::unexpected(event.error());
//     if (!*event) break;                   // wants more bytes
//     use((*event)->data);
//   }
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tollgate::net {

inline constexpr std::size_t kSseEventBytesMax = 1024 * 1024;

// Views that live until the next call of feed() or next().
struct SseEvent {
  std::string_view raw;    // all its lines and the blank line that ends it, as received
  std::string_view event;  // the event's type; empty if unnamed ("message")
  std::string_view data;   // its data lines, joined by LF
};

class SseReader {
 public:
  explicit SseReader(std::size_t event_bytes_max = kSseEventBytesMax)
      : event_bytes_max_(event_bytes_max) {}
  SseReader(const SseReader&) = delete;
  SseReader& operator=(const SseReader&) = delete;

  // Hands over the next bytes of the stream, split anywhere. They are not copied: they must stay
  // valid until the next feed(). Only the beginning of an event whose end is not there yet is kept
  // aside. REQUIRES: next() has returned "no event" since the last feed().
  void feed(std::string_view bytes);

  // The next event that has data, or nothing if more bytes are needed. Blocks without data
  // (comments, heartbeats) are passed over, `id` and `retry` ignored. kProviderError when an event
  // outgrows the limit, and ever after.
  //
  // A blank line ends an event: at its LF, or at its CR unless the line before it ended in CRLF,
  // for then the LF is waited for. So how a stream is split never changes what is returned, and
  // only a stream that mixes line ends can be late.
  Result<std::optional<SseEvent>> next();

  // Bytes of an unfinished event are held: a stream that ends now was cut.
  bool mid_event() const;

 private:
  static constexpr std::size_t kNoEnd = static_cast<std::size_t>(-1);

  void skip_byte_order_mark();
  std::string_view hold(std::string_view part);
  std::size_t find_end(std::string_view bytes);
  std::optional<SseEvent> read_event(std::string_view raw);

  const std::size_t event_bytes_max_;
  std::string_view piece_;  // fed and not yet looked at
  std::string held_;        // the beginning of an unfinished event, or the event last returned
  std::string joined_;      // data of an event with several data lines
  int mark_bytes_ = 0;      // of the byte order mark seen so far
  bool mark_passed_ = false;
  bool held_returned_ = false;
  bool oversized_ = false;
  // Where the scan stands.
  bool line_empty_ = true;  // no byte of this line yet
  bool after_cr_ = false;   // a line has ended in CR, and its LF may follow
  bool crlf_ = false;       // the line before this one ended in CRLF
  bool blank_cr_ = false;   // the blank line's CR is there, its LF is waited for
};

}  // namespace tollgate::net
