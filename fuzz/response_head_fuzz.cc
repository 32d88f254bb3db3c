// Response heads: the claims of request_head_fuzz, for what providers send.
#include <array>
#include <string>

#include "fuzzing.h"
#include "net/head_writer.h"
#include "net/http_codec.h"

namespace tollgate::net {
namespace {

using fuzz::require;

constexpr auto kSeeds = std::to_array<std::string_view>({
    "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n",
    "HTTP/1.1 304 \r\nContent-Length: 7\r\nX:\t a \r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
});

void check_beginnings(std::string_view text, const Result<std::size_t>& whole) {
  const std::size_t split = fuzz::split_place(text);
  const fuzz::ExactCopy beginning(text.substr(0, split));
  ResponseHead head;
  const Result<std::size_t> early = parse_response_head(beginning.view(), {}, head);
  if (!whole) {
    require(!early || *early == 0);
  } else if (*whole == 0 || split < *whole) {
    require(early && *early == 0);
  } else {
    require(early && *early == *whole);
  }
}

void check_rewritten(const ResponseHead& head) {
  std::string out;
  HeadWriter writer(out);
  writer.status_line(head.status);
  for (const Field& field : head.fields) {
    if (equals_ignoring_case(field.name, "Content-Length")) {
      writer.length(head.content_length);
    } else if (equals_ignoring_case(field.name, "Transfer-Encoding")) {
      writer.chunked();
    } else {
      writer.field(field.name, field.value);
    }
  }
  require(writer.finish().has_value());

  ResponseHead again;
  const HeadLimits roomy{.bytes = 2 * kHeadBytesMax, .fields = kHeadFieldsMax};
  const Result<std::size_t> size = parse_response_head(out, roomy, again);
  require(size && *size == out.size());
  require(again.status == head.status && again.framing == head.framing);
  require(again.content_length == head.content_length);
  require(again.keep_alive == head.keep_alive || head.minor_version == 0);
  require(again.fields.size() == head.fields.size());
}

void check_response_head(std::string_view text) {
  ResponseHead head;
  const Result<std::size_t> whole = parse_response_head(text, {}, head);
  if (!whole) require(whole.error().code == ErrorCode::kProviderError);
  check_beginnings(text, whole);
  if (!whole || *whole == 0) return;

  const std::string_view bytes = text.substr(0, *whole);
  require(*whole <= text.size() && *whole <= kHeadBytesMax);
  require(head.status >= 100 && head.status <= 599 && head.status != 101);
  require(head.framing != Framing::kCoded);
  for (const Field& field : head.fields) {
    require(!field.name.empty());
    require(fuzz::lies_in(field.name, bytes) && fuzz::lies_in(field.value, bytes));
  }
  check_rewritten(head);
}

}  // namespace
}  // namespace tollgate::net

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(tollgate::net::kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tollgate::net::check_response_head(tollgate::fuzz::text_of(data, size));
  return 0;
}
