// Chunked bodies: the decoder agrees with a plain reading of RFC 9112 §7.1 however the bytes
// arrive, and reads back whatever our chunk writer writes.
#include <array>
#include <string>

#include "fuzzing.h"
#include "net/body_decoder.h"
#include "net/head_writer.h"

namespace tollgate::net {
namespace {

using fuzz::require;

constexpr auto kSeeds = std::to_array<std::string_view>({
    "5\r\nhello\r\n0\r\n\r\n",
    "0000A\r\n0123456789\r\nb\r\nhello world\r\n000\r\n\r\nGET / HTTP/1.1\r\n",
    "1;a=b\r\nx\r\n0\r\n\r\n",
    "3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    "ffffffffffffffff\r\nabc",
});

enum class End { kOpen, kDone, kRefused };

struct Outcome {
  std::string body;
  std::size_t consumed = 0;
  End end = End::kOpen;
};

Outcome decode(std::string_view text, std::size_t step_max) {
  BodyDecoder decoder(Framing::kChunked, 0);
  Outcome outcome;
  for (std::size_t at = 0; at < text.size() && outcome.end == End::kOpen;) {
    const fuzz::ExactCopy step(text.substr(at, step_max));
    std::string_view rest = step.view();
    while (!rest.empty() && outcome.end == End::kOpen) {
      const Result<BodyDecoder::Piece> piece = decoder.next(rest);
      if (!piece) {
        outcome.end = End::kRefused;
        break;
      }
      require(piece->consumed > 0 && piece->consumed <= rest.size());
      require(fuzz::lies_in(piece->data, rest.substr(0, piece->consumed)));
      outcome.body += piece->data;
      outcome.consumed += piece->consumed;
      if (decoder.done()) outcome.end = End::kDone;
      rest.remove_prefix(piece->consumed);
    }
    at += step.view().size();
  }
  return outcome;
}

// The same grammar, written down the slow way: a chunk at a time over the whole text.
Outcome read_plainly(std::string_view text) {
  Outcome outcome;
  const auto beginning_of_crlf = [](std::string_view rest) {
    return std::string_view("\r\n").starts_with(rest.substr(0, 2));
  };
  while (true) {
    std::string_view rest = text.substr(outcome.consumed);
    const std::size_t digits =
        std::min(rest.find_first_not_of("0123456789abcdefABCDEF"), rest.size());
    const std::string_view ending = rest.substr(digits);
    if (digits > 16 || (digits == 0 && !ending.empty()) || !beginning_of_crlf(ending)) {
      outcome.end = End::kRefused;
      return outcome;
    }
    if (ending.size() < 2) {
      outcome.consumed = text.size();
      return outcome;
    }
    const std::uint64_t size = std::stoull(std::string(rest.substr(0, digits)), nullptr, 16);
    rest = ending.substr(2);
    const std::string_view data = rest.substr(0, size);
    outcome.body += data;
    outcome.consumed = text.size() - rest.size() + data.size();
    if (data.size() < size) return outcome;
    const std::string_view after = rest.substr(data.size());
    if (!beginning_of_crlf(after)) {
      outcome.end = End::kRefused;
      return outcome;
    }
    outcome.consumed += std::min<std::size_t>(2, after.size());
    if (after.size() < 2) return outcome;
    if (size == 0) {
      outcome.end = End::kDone;
      return outcome;
    }
  }
}

void check_decoder(std::string_view text) {
  const Outcome expected = read_plainly(text);
  for (const std::size_t step : {text.size() + 1, std::size_t{1}, fuzz::split_place(text) + 1}) {
    const Outcome outcome = decode(text, step);
    require(outcome.end == expected.end);
    if (expected.end == End::kRefused) continue;
    require(outcome.body == expected.body && outcome.consumed == expected.consumed);
  }
}

void check_round_trip(std::string_view body) {
  std::string text;
  const std::size_t step = fuzz::split_place(body) + 1;
  for (std::size_t at = 0; at < body.size(); at += step) {
    append_chunk(text, body.substr(at, step));
  }
  append_last_chunk(text);
  const Outcome outcome = decode(text, 7);
  require(outcome.end == End::kDone && outcome.body == body && outcome.consumed == text.size());
}

}  // namespace
}  // namespace tollgate::net

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(tollgate::net::kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tollgate::net::check_decoder(tollgate::fuzz::text_of(data, size));
  tollgate::net::check_round_trip(tollgate::fuzz::text_of(data, size));
  return 0;
}
