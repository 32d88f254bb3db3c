// BodyDecoder: takes the framing off a body, piece by piece, without copying. Sans I/O; one decoder
// per message, used by sessions (request bodies) and by the client pool (response bodies).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "net/http_message.h"

namespace tollgate::net {

// Chunks are read strictly: 1 to 16 hex digits and CRLF, no extensions, no trailer fields.
class BodyDecoder {
 public:
  struct Piece {
    std::string_view data;     // a view into the input; may be empty while `consumed` > 0
    std::size_t consumed = 0;  // bytes of the input that are done with
  };

  // Nothing follows: done() at once.
  BodyDecoder() = default;
  // `length` counts for Framing::kLength. `malformed` and `cut` are the codes of framing errors and
  // of a body that ends too early.
  BodyDecoder(Framing framing, std::uint64_t length,
              ErrorCode malformed = ErrorCode::kInvalidRequest,
              ErrorCode cut = ErrorCode::kClientGone);
  // Framing errors are kInvalidRequest, a cut body kClientGone.
  explicit BodyDecoder(const RequestHead& head);
  // Framing errors and a cut body are kProviderError.
  explicit BodyDecoder(const ResponseHead& head);

  // The next piece of the body at the start of `in`. Call again with the rest until done() or
  // `consumed` is 0, which means that `in` held too little (it is then empty). Bytes behind the end
  // of the body are never consumed.
  Result<Piece> next(std::string_view in);

  // The whole body has been handed out.
  bool done() const { return state_ == State::kDone; }

  // The sender closed: completes a body that is framed by that, fails for one that is cut short.
  Status end_of_input();

 private:
  enum class State {
    kDone,
    kData,  // remaining_ bytes of a kLength body
    kUntilClose,
    kCoded,
    kSizeFirst,  // the first digit of a chunk size
    kSize,
    kSizeLf,
    kChunkData,  // remaining_ bytes of a chunk
    kDataCr,
    kDataLf,
    kEndCr,  // after the last chunk
    kEndLf,
  };

  Status take_framing_byte(char byte);

  State state_ = State::kDone;
  std::uint64_t remaining_ = 0;
  int size_digits_ = 0;
  ErrorCode malformed_ = ErrorCode::kInvalidRequest;
  ErrorCode cut_ = ErrorCode::kClientGone;
};

}  // namespace tollgate::net
