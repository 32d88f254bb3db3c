#include "net/head_writer.h"

#include <strings.h>

#include <array>
#include <charconv>
#include <utility>

#include "net/head_scan.h"

namespace tollgate::net {

namespace {

constexpr std::string_view kCrlf = "\r\n";

bool is_token(std::string_view text) { return !text.empty() && token_length(text) == text.size(); }

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

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
  if (status < 100 || status > 599) return fault("a status outside 100 to 599");
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
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 102:
      return "Processing";
    case 103:
      return "Early Hints";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  append_number(out, data.size(), 16);
  out.append(kCrlf).append(data).append(kCrlf);
}

void append_last_chunk(std::string& out) { out.append("0\r\n\r\n"); }

}  // namespace tollgate::net
