#include "net/http_codec.h"

#include <llhttp.h>
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "net/head_scan.h"

namespace tollgate::net {

namespace {

constexpr std::size_t kLengthDigitsMax = 18;

// --- The second parser -------------------------------------------------------------------------

int count_field(llhttp_t* parser) {
  ++*static_cast<std::size_t*>(parser->data);
  return 0;
}

int stop_after_head(llhttp_t*) { return HPE_PAUSED; }

const llhttp_settings_t& second_parser_settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_header_value_complete = count_field;
    made.on_headers_complete = stop_after_head;
    return made;
  }();
  return settings;
}

// What llhttp makes of a head that our scan took.
struct SecondOpinion {
  bool sound = false;  // it read this head, to its last byte
  bool unknown_method = false;
  std::size_t fields = 0;
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

SecondOpinion ask_llhttp(std::string_view head_bytes, HeadKind kind) {
  SecondOpinion opinion;
  llhttp_t parser;
  llhttp_init(&parser, kind == HeadKind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE,
              &second_parser_settings());
  parser.data = &opinion.fields;
  const llhttp_errno_t verdict = llhttp_execute(&parser, head_bytes.data(), head_bytes.size());
  opinion.unknown_method = verdict == HPE_INVALID_METHOD;
  opinion.sound = verdict == HPE_PAUSED &&
                  llhttp_get_error_pos(&parser) == head_bytes.data() + head_bytes.size();
  opinion.chunked = (parser.flags & F_CHUNKED) != 0;
  if ((parser.flags & F_CONTENT_LENGTH) != 0) opinion.length = parser.content_length;
  return opinion;
}

// --- The rules ---------------------------------------------------------------------------------

// The fields that decide how a message is framed and whether the connection lives on.
struct FramingFields {
  std::optional<std::uint64_t> length;
  bool transfer_encoding = false;
  bool coded = false;           // codings before `chunked`
  bool unknown_coding = false;  // one of them is not in IANA's registry
  int chunked_at = 0;           // the place of `chunked` among the codings, from 1
  int codings = 0;
  bool malformed_coding = false;
  bool close = false;
  bool keep_alive = false;
};

// Whether the letters of `name` spell `letters`: "Content_Length", "content--length".
bool letters_spell(std::string_view name, std::string_view letters) {
  std::size_t at = 0;
  for (const char byte : name) {
    const char lower = static_cast<char>(byte | 0x20);
    if (lower < 'a' || lower > 'z') continue;
    if (at == letters.size() || letters[at] != lower) return false;
    ++at;
  }
  return at == letters.size();
}

std::optional<std::uint64_t> read_length(std::string_view value) {
  if (value.empty() || value.size() > kLengthDigitsMax) return std::nullopt;
  std::uint64_t length = 0;
  for (const char digit : value) {
    if (digit < '0' || digit > '9') return std::nullopt;
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return length;
}

// Calls `take` with each element of a comma-separated list, white space trimmed.
template <class Take>
void for_each_element(std::string_view list, Take take) {
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) {
      element.remove_prefix(1);
    }
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) {
      element.remove_suffix(1);
    }
    take(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

bool is_registered_coding(std::string_view coding) {
  constexpr std::array<std::string_view, 6> kCodings = {"gzip",     "x-gzip",     "deflate",
                                                        "compress", "x-compress", "identity"};
  return std::ranges::any_of(
      kCodings, [coding](std::string_view known) { return equals_ignoring_case(coding, known); });
}

void take_transfer_encoding(std::string_view value, FramingFields& framing) {
  framing.transfer_encoding = true;
  for_each_element(value, [&framing](std::string_view coding) {
    ++framing.codings;
    if (coding.empty() || token_length(coding) != coding.size()) {
      framing.malformed_coding = true;
    } else if (equals_ignoring_case(coding, "chunked")) {
      if (framing.chunked_at != 0) framing.malformed_coding = true;
      framing.chunked_at = framing.codings;
    } else {
      framing.coded = true;
      if (!is_registered_coding(coding)) framing.unknown_coding = true;
    }
  });
}

void take_connection(std::string_view value, FramingFields& framing) {
  for_each_element(value, [&framing](std::string_view option) {
    if (equals_ignoring_case(option, "close")) framing.close = true;
    if (equals_ignoring_case(option, "keep-alive")) framing.keep_alive = true;
  });
}

Fault read_framing_fields(const std::vector<Field>& fields, FramingFields& framing) {
  constexpr std::string_view kLength = "Content-Length";
  constexpr std::string_view kEncoding = "Transfer-Encoding";
  constexpr std::string_view kConnection = "Connection";
  for (const Field& field : fields) {
    if (field.name.size() == kConnection.size() && equals_ignoring_case(field.name, kConnection)) {
      take_connection(field.value, framing);
    } else if (field.name.size() < kLength.size() - 1) {
      continue;  // too short to be one of the two, or to spell one
    } else if (equals_ignoring_case(field.name, kLength)) {
      if (framing.length) return "Content-Length stands twice.";
      framing.length = read_length(field.value);
      if (!framing.length) return "Content-Length is not 1 to 18 digits.";
    } else if (equals_ignoring_case(field.name, kEncoding)) {
      take_transfer_encoding(field.value, framing);
    } else if (letters_spell(field.name, "contentlength") ||
               letters_spell(field.name, "transferencoding")) {
      return "A field name could be mistaken for Content-Length or Transfer-Encoding.";
    }
  }
  return nullptr;
}

// The rules that hold in both directions.
Fault check_framing(const FramingFields& framing, int minor_version) {
  if (!framing.transfer_encoding) return nullptr;
  if (framing.length) return "Transfer-Encoding and Content-Length stand together.";
  if (minor_version == 0) return "Transfer-Encoding is not part of HTTP/1.0.";
  if (framing.malformed_coding || framing.chunked_at != framing.codings) {
    return "Transfer-Encoding does not end in exactly one chunked.";
  }
  return nullptr;
}

// Whether llhttp frames the body as we do. A difference is a way to smuggle.
bool agrees(const SecondOpinion& opinion, const FramingFields& framing, std::size_t fields) {
  return opinion.sound && opinion.fields == fields &&
         opinion.chunked == framing.transfer_encoding && opinion.length == framing.length;
}

bool stays_open(const FramingFields& framing, int minor_version) {
  return !framing.close && (minor_version == 1 || framing.keep_alive);
}

int minor_version_of(std::string_view version) { return version.back() == '1' ? 1 : 0; }

Fault check_target(const RequestHead& head) {
  constexpr Fault kMalformed = "The request target is neither a path nor an http URL.";
  if (head.target.front() == '/') return nullptr;
  if (head.target == "*") return head.method == "OPTIONS" ? nullptr : kMalformed;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (head.target.size() <= scheme.size()) continue;
    if (!equals_ignoring_case(head.target.substr(0, scheme.size()), scheme)) continue;
    const char first = head.target[scheme.size()];
    return first == '/' || first == '?' || first == '#' ? kMalformed : nullptr;
  }
  return kMalformed;
}

Fault check_host(const RequestHead& head) {
  const std::string_view* host = nullptr;
  for (const Field& field : head.fields) {
    if (field.name.size() != 4 || !equals_ignoring_case(field.name, "Host")) continue;
    if (host != nullptr) return "Host stands twice.";
    host = &field.value;
  }
  if (host == nullptr) {
    return head.minor_version == 1 ? "Host is missing." : nullptr;
  }
  if (!is_visible_ascii(*host) ||
      host->find_first_of("/?#@\\,<>\"{}|^`") != std::string_view::npos) {
    return "Host holds a byte that no host has.";
  }
  return nullptr;
}

Fault check_request(const RequestHead& head, const FramingFields& framing) {
  if (head.method == "CONNECT") return "CONNECT is not served here.";
  if (Fault fault = check_target(head)) return fault;
  if (Fault fault = check_host(head)) return fault;
  if (Fault fault = check_framing(framing, head.minor_version)) return fault;
  const bool bodiless = head.method == "GET" || head.method == "HEAD";
  if (bodiless && (framing.transfer_encoding || framing.length.value_or(0) != 0)) {
    return "GET and HEAD take no body here.";
  }
  return nullptr;
}

bool expects_continue(const RequestHead& head) {
  return head.minor_version == 1 && equals_ignoring_case(head.find("Expect"), "100-continue");
}

std::unexpected<Error> refuse_request(Fault fault) {
  return fail(ErrorCode::kInvalidRequest, std::string("Malformed HTTP request. ") + fault);
}

std::unexpected<Error> refuse_response(Fault fault) {
  return fail(ErrorCode::kProviderError, "The provider's answer was not valid HTTP.",
              std::string("response head: ") + fault);
}

constexpr Fault kDisagreement = "The head can be read in more than one way.";

}  // namespace

Result<std::size_t> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                       RequestHead& head) {
  head.fields.clear();
  StartLine start;
  const auto size = scan_head(bytes, HeadKind::kRequest, limits, start, head.fields);
  if (!size) return refuse_request(size.error());
  if (*size == 0) return 0;

  head.method = start.first;
  head.target = start.second;
  head.minor_version = minor_version_of(start.third);
  FramingFields framing;
  if (Fault fault = read_framing_fields(head.fields, framing)) return refuse_request(fault);
  if (Fault fault = check_request(head, framing)) return refuse_request(fault);
  const SecondOpinion opinion = ask_llhttp(bytes.substr(0, *size), HeadKind::kRequest);
  if (opinion.unknown_method) {
    return fail(ErrorCode::kNotImplemented, "This request method is not known here.");
  }
  if (framing.unknown_coding) {
    return fail(ErrorCode::kNotImplemented,
                "Send the body as it is: this Transfer-Encoding is not known here.");
  }
  if (!agrees(opinion, framing, head.fields.size())) return refuse_request(kDisagreement);

  head.content_length = framing.length.value_or(0);
  head.framing = framing.coded               ? Framing::kCoded
                 : framing.transfer_encoding ? Framing::kChunked
                 : head.content_length > 0   ? Framing::kLength
                                             : Framing::kNone;
  head.keep_alive = stays_open(framing, head.minor_version);
  head.expect_continue = expects_continue(head);
  return *size;
}

Result<std::size_t> parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                        ResponseHead& head) {
  head.fields.clear();
  StartLine start;
  const auto size = scan_head(bytes, HeadKind::kResponse, limits, start, head.fields);
  if (!size) return refuse_response(size.error());
  if (*size == 0) return 0;

  head.minor_version = minor_version_of(start.first);
  head.status =
      (start.second[0] - '0') * 100 + (start.second[1] - '0') * 10 + (start.second[2] - '0');
  if (head.status < 100 || head.status > 599)
    return refuse_response("The status is not 100 to 599.");
  if (head.status == 101) return refuse_response("It switches protocols, which nobody asked for.");
  FramingFields framing;
  if (Fault fault = read_framing_fields(head.fields, framing)) return refuse_response(fault);
  if (Fault fault = check_framing(framing, head.minor_version)) return refuse_response(fault);
  if (framing.coded) return refuse_response("It has a transfer coding besides chunked.");
  const SecondOpinion opinion = ask_llhttp(bytes.substr(0, *size), HeadKind::kResponse);
  if (!agrees(opinion, framing, head.fields.size())) return refuse_response(kDisagreement);

  const bool bodiless = head.status < 200 || head.status == 204 || head.status == 304;
  head.content_length = framing.length.value_or(0);
  head.framing = bodiless || framing.length == 0 ? Framing::kNone
                 : framing.transfer_encoding     ? Framing::kChunked
                 : framing.length                ? Framing::kLength
                                                 : Framing::kUntilClose;
  head.keep_alive = stays_open(framing, head.minor_version) && head.framing != Framing::kUntilClose;
  return *size;
}

}  // namespace tollgate::net
