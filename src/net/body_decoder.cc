#include "net/body_decoder.h"

#include <algorithm>

namespace tollgate::net {

namespace {

constexpr int kSizeDigitsMax = 16;  // what 64 bits hold, so a size cannot overflow

// The value of a hex digit, or -1.
int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing, std::uint64_t length, ErrorCode malformed, ErrorCode cut)
    : malformed_(malformed), cut_(cut) {
  switch (framing) {
    case Framing::kNone:
      break;
    case Framing::kLength:
      remaining_ = length;
      state_ = length == 0 ? State::kDone : State::kData;
      break;
    case Framing::kChunked:
      state_ = State::kSizeFirst;
      break;
    case Framing::kUntilClose:
      state_ = State::kUntilClose;
      break;
    case Framing::kCoded:
      state_ = State::kCoded;
      break;
  }
}

BodyDecoder::BodyDecoder(const RequestHead& head)
    : BodyDecoder(head.framing, head.content_length) {}

BodyDecoder::BodyDecoder(const ResponseHead& head)
    : BodyDecoder(head.framing, head.content_length, ErrorCode::kProviderError,
                  ErrorCode::kProviderError) {}

Result<BodyDecoder::Piece> BodyDecoder::next(std::string_view in) {
  if (state_ == State::kCoded) {
    return fail(ErrorCode::kNotImplemented,
                "Send the body as it is: no transfer coding but chunked is decoded here.");
  }
  Piece piece;
  while (piece.consumed < in.size() && state_ != State::kDone) {
    const std::string_view rest = in.substr(piece.consumed);
    if (state_ == State::kUntilClose) return Piece{.data = rest, .consumed = in.size()};
    if (state_ != State::kData && state_ != State::kChunkData) {
      if (Status taken = take_framing_byte(rest.front()); !taken) {
        return std::unexpected(taken.error());
      }
      ++piece.consumed;
      continue;
    }
    // One piece of data a call; the framing behind it is still taken.
    if (!piece.data.empty()) break;
    piece.data = rest.substr(0, std::min<std::uint64_t>(remaining_, rest.size()));
    piece.consumed += piece.data.size();
    remaining_ -= piece.data.size();
    if (remaining_ == 0) state_ = state_ == State::kData ? State::kDone : State::kDataCr;
  }
  return piece;
}

Status BodyDecoder::end_of_input() {
  if (state_ == State::kUntilClose) state_ = State::kDone;
  if (done()) return {};
  return fail(cut_, "The body was cut short.");
}

// One byte that is not data.
Status BodyDecoder::take_framing_byte(char byte) {
  switch (state_) {
    case State::kSizeFirst:
    case State::kSize: {
      if (byte == '\r' && state_ == State::kSize) {
        state_ = State::kSizeLf;
        return {};
      }
      const int digit = hex_value(byte);
      if (digit < 0) return fail(malformed_, "A chunk size is not a hexadecimal number and CRLF.");
      if (state_ == State::kSizeFirst) remaining_ = 0, size_digits_ = 0;
      if (++size_digits_ > kSizeDigitsMax) return fail(malformed_, "A chunk size is too long.");
      remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
      state_ = State::kSize;
      return {};
    }
    case State::kSizeLf:
      if (byte != '\n') break;
      state_ = remaining_ == 0 ? State::kEndCr : State::kChunkData;
      return {};
    case State::kDataCr:
      if (byte != '\r') break;
      state_ = State::kDataLf;
      return {};
    case State::kDataLf:
      if (byte != '\n') break;
      state_ = State::kSizeFirst;
      return {};
    case State::kEndCr:
      if (byte != '\r') return fail(malformed_, "Trailer fields after a chunked body are refused.");
      state_ = State::kEndLf;
      return {};
    case State::kEndLf:
      if (byte != '\n') break;
      state_ = State::kDone;
      return {};
    case State::kDone:
    case State::kData:
    case State::kUntilClose:
    case State::kCoded:
    case State::kChunkData:
      break;
  }
  return fail(malformed_, "A chunk does not end in CRLF.");
}

}  // namespace tollgate::net
