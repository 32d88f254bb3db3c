#include "net/head_writer.h"

#include <array>
#include <charconv>
#include <utility>

#include "net/head_scan.h"

namespace tollgate::net {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr int kStatusMin = 100;
constexpr int kStatusMax = 599;

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr std::array kStandardReasons = std::to_array<Reason>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});

// By status, so that a look-up is one read.
constexpr auto kReasons = [] {
  std::array<std::string_view, kStatusMax - kStatusMin + 1> table{};
  for (const Reason& reason : kStandardReasons) {
    table[static_cast<std::size_t>(reason.status - kStatusMin)] = reason.phrase;
  }
  return table;
}();

bool is_token(std::string_view text) { return !text.empty() && token_length(text) == text.size(); }

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end.ptr);
}

}  // namespace

void HeadWriter::fault(std::string_view what) {
  if (fault_.empty()) fault_ = what;
}

void HeadWriter::request_line(std::string_view method, std::string_view target) {
  if (std::exchange(started_, true)) return fault("a second start line");
  if (!is_token(method)) return fault("a method that is not a token");
  if (target.empty() || !is_visible_ascii(target)) {
    return fault("a request target that is not visible ASCII");
  }
  out_.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
}

void HeadWriter::status_line(int status) {
  if (std::exchange(started_, true)) return fault("a second start line");
  if (status < kStatusMin || status > kStatusMax) return fault("a status outside 100 to 599");
  out_.append("HTTP/1.1 ");
  append_number(out_, static_cast<std::uint64_t>(status), 10);
  out_.append(" ").append(reason_phrase(status)).append(kCrlf);
}

void HeadWriter::field(std::string_view name, std::string_view value) {
  if (!started_) return fault("a field before the start line");
  if (!is_token(name)) return fault("a field name that is not a token");
  if (!is_field_text(value)) return fault("a field value with a control byte");
  if (equals_ignoring_case(name, "Content-Length") ||
      equals_ignoring_case(name, "Transfer-Encoding")) {
    return fault("a framing field that did not come from length() or chunked()");
  }
  out_.append(name).append(": ").append(value).append(kCrlf);
}

void HeadWriter::frame() {
  if (!started_) fault("framing before the start line");
  if (std::exchange(framed_, true)) fault("framing given twice");
}

void HeadWriter::length(std::uint64_t bytes) {
  frame();
  out_.append("Content-Length: ");
  append_number(out_, bytes, 10);
  out_.append(kCrlf);
}

void HeadWriter::chunked() {
  frame();
  out_.append("Transfer-Encoding: chunked\r\n");
}

Status HeadWriter::finish() {
  if (!started_) fault("no start line");
  if (!fault_.empty()) {
    out_.resize(begin_);
    return fail(ErrorCode::kInternal, "The gateway could not write this message.",
                "head writer: " + std::string(fault_));
  }
  out_.append(kCrlf);
  return {};
}

std::string_view reason_phrase(int status) {
  if (status < kStatusMin || status > kStatusMax) return "";
  return kReasons[static_cast<std::size_t>(status - kStatusMin)];
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  append_number(out, data.size(), 16);
  out.append(kCrlf).append(data).append(kCrlf);
}

void append_last_chunk(std::string& out) { out.append("0\r\n\r\n"); }

}  // namespace tollgate::net
