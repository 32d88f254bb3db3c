// Request heads: a verdict does not depend on how the bytes arrive, views stay inside the head, and
// what was taken is taken again, the same, when our own writer writes it.
#include <array>
#include <string>

#include "fuzzing.h"
#include "net/head_writer.h"
#include "net/http_codec.h"

namespace tollgate::net {
namespace {

using fuzz::require;

constexpr auto kSeeds = std::to_array<std::string_view>({
    "GET /v1/models?a=b#c HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
    "\r\nPOST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    "POST http://a/v1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\nConnection: keep-alive, close\r\nContent_Length: 1\r\nX:\t a\r\n\r\n",
});

void check_beginnings(std::string_view text, const Result<std::size_t>& whole) {
  const std::size_t split = fuzz::split_place(text);
  const fuzz::ExactCopy beginning(text.substr(0, split));
  RequestHead head;
  const Result<std::size_t> early = parse_request_head(beginning.view(), {}, head);
  if (!whole) {
    require(!early || *early == 0);
  } else if (*whole == 0 || split < *whole) {
    require(early && *early == 0);
  } else {
    require(early && *early == *whole);
  }
}

void check_rewritten(const RequestHead& head) {
  std::string out;
  HeadWriter writer(out);
  writer.request_line(head.method, head.target);
  for (const Field& field : head.fields) {
    if (equals_ignoring_case(field.name, "Content-Length")) {
      writer.length(head.content_length);
    } else if (equals_ignoring_case(field.name, "Transfer-Encoding")) {
      writer.chunked();
    } else {
      writer.field(field.name, field.value);
    }
  }
  const bool added_host = head.count("Host") == 0;  // HTTP/1.0 goes without, we write 1.1
  if (added_host) writer.field("Host", "a");
  require(writer.finish().has_value());

  RequestHead again;
  const HeadLimits roomy{.bytes = 2 * kHeadBytesMax, .fields = kHeadFieldsMax + 1};
  const Result<std::size_t> size = parse_request_head(out, roomy, again);
  require(size && *size == out.size());
  require(again.method == head.method && again.target == head.target);
  require(again.framing == head.framing && again.content_length == head.content_length);
  require(again.fields.size() == head.fields.size() + (added_host ? 1 : 0));
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    require(equals_ignoring_case(again.fields[i].name, head.fields[i].name));
    const bool rewritten = equals_ignoring_case(head.fields[i].name, "Content-Length") ||
                           equals_ignoring_case(head.fields[i].name, "Transfer-Encoding");
    require(rewritten || again.fields[i].value == head.fields[i].value);
  }
}

void check_request_head(std::string_view text) {
  RequestHead head;
  const Result<std::size_t> whole = parse_request_head(text, {}, head);
  if (!whole) {
    require(whole.error().code == ErrorCode::kInvalidRequest ||
            whole.error().code == ErrorCode::kNotImplemented);
  }
  check_beginnings(text, whole);
  if (!whole || *whole == 0) return;

  const std::string_view bytes = text.substr(0, *whole);
  require(*whole <= text.size() && *whole <= kHeadBytesMax);
  require(head.fields.size() <= kHeadFieldsMax);
  require(bytes.ends_with("\r\n\r\n"));
  require(fuzz::lies_in(head.method, bytes) && fuzz::lies_in(head.target, bytes));
  require(fuzz::lies_in(head.query(), bytes) && !head.path().empty());
  for (const Field& field : head.fields) {
    require(!field.name.empty());
    require(fuzz::lies_in(field.name, bytes) && fuzz::lies_in(field.value, bytes));
  }
  if (head.framing != Framing::kCoded) check_rewritten(head);
}

}  // namespace
}  // namespace tollgate::net

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(tollgate::net::kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tollgate::net::check_request_head(tollgate::fuzz::text_of(data, size));
  return 0;
}
