// Writes HTTP/1.1 heads and chunks, appending to a buffer that goes out in one write. Everything we
// send in either direction passes through here, so a CR or LF that came in from somewhere cannot
// become a second field or a second message (response splitting).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tollgate::net {

// One head: a start line, fields, then finish(). A call that was wrong is remembered and told by
// finish(), so callers check once.
class HeadWriter {
 public:
  // Appends to `out`, which must outlive the writer and not change under it.
  explicit HeadWriter(std::string& out) : out_(out), begin_(out.size()) {}

  // `method` is a token, `target` visible ASCII. Always HTTP/1.1.
  void request_line(std::string_view method, std::string_view target);
  // 100–599, with the standard reason phrase (empty for a code that has none).
  void status_line(int status);
  // `name` is an RFC 9110 token, `value` has no control bytes but HTAB. Content-Length and
  // Transfer-Encoding are refused: they are written by length() and chunked() alone, at most once
  // and never both.
  void field(std::string_view name, std::string_view value);
  void length(std::uint64_t bytes);
  void chunked();

  // Ends the head. If any call was wrong, `out` is cut back to where this writer began and the
  // error is kInternal (it is a bug of ours: what comes from outside is checked where it comes in).
  Status finish();

 private:
  void fault(std::string_view what);
  void frame();

  std::string& out_;
  std::size_t begin_;
  bool started_ = false;
  bool framed_ = false;
  std::string_view fault_;  // the first one; always a literal
};

// The reason phrase of RFC 9110 §15, or "".
std::string_view reason_phrase(int status);

// One chunk around `data`. Nothing for empty data, since an empty chunk would end the body.
void append_chunk(std::string& out, std::string_view data);
// The end of a chunked body, without trailers.
void append_last_chunk(std::string& out);

}  // namespace tollgate::net
