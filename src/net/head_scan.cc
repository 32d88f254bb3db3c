#include "net/head_scan.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "net/http_codec.h"

namespace tollgate::net {

namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int byte = '0'; byte <= '9'; ++byte) table[static_cast<std::size_t>(byte)] = true;
  for (int byte = 'A'; byte <= 'Z'; ++byte) table[static_cast<std::size_t>(byte)] = true;
  for (int byte = 'a'; byte <= 'z'; ++byte) table[static_cast<std::size_t>(byte)] = true;
  for (char byte : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(byte)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kToken = make_token_table();

// Which line of a head.
enum class LineIs { kStart, kField };

// Whether a line is there up to its CR, or only its beginning.
enum class Extent { kWhole, kBeginning };

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool could_be_version(std::string_view text, Extent extent) {
  constexpr std::string_view kVersion10 = "HTTP/1.0";
  constexpr std::string_view kVersion11 = "HTTP/1.1";
  if (extent == Extent::kWhole) return text == kVersion10 || text == kVersion11;
  return kVersion10.starts_with(text) || kVersion11.starts_with(text);
}

// Exactly METHOD SP target SP HTTP/1.0|1.1, or the beginning of such a line.
Fault read_request_line(std::string_view line, Extent extent, StartLine& start) {
  constexpr Fault kMalformed = "The request line is not METHOD SP target SP HTTP/1.0 or HTTP/1.1.";
  const Fault at_end = extent == Extent::kWhole ? kMalformed : nullptr;

  const std::size_t method_end = token_length(line);
  if (method_end == line.size()) return at_end;
  if (method_end == 0 || line[method_end] != ' ') return kMalformed;
  start.first = line.substr(0, method_end);

  const std::string_view rest = line.substr(method_end + 1);
  const std::size_t target_end = rest.find(' ');
  const std::string_view target = rest.substr(0, target_end);
  if (!is_visible_ascii(target))
    return "The request target holds a byte that is not visible ASCII.";
  if (target_end == std::string_view::npos) return at_end;
  if (target.empty()) return kMalformed;
  start.second = target;

  start.third = rest.substr(target_end + 1);
  return could_be_version(start.third, extent) ? nullptr : kMalformed;
}

// HTTP/1.0|1.1 SP three digits, then nothing or SP and a reason, or the beginning of such a line.
Fault read_status_line(std::string_view line, Extent extent, StartLine& start) {
  constexpr Fault kMalformed = "The status line is not HTTP/1.0 or HTTP/1.1 SP status SP reason.";
  constexpr std::size_t kVersionBytes = 8;
  constexpr std::size_t kStatusEnd = kVersionBytes + 4;

  if (line.size() < kVersionBytes) {
    return could_be_version(line, extent) ? nullptr : kMalformed;
  }
  start.first = line.substr(0, kVersionBytes);
  if (!could_be_version(start.first, Extent::kWhole)) return kMalformed;
  for (std::size_t at = kVersionBytes; at < line.size() && at < kStatusEnd; ++at) {
    const char byte = line[at];
    const bool right = at == kVersionBytes ? byte == ' ' : byte >= '0' && byte <= '9';
    if (!right) return kMalformed;
  }
  if (line.size() < kStatusEnd) return extent == Extent::kWhole ? kMalformed : nullptr;
  start.second = line.substr(kVersionBytes + 1, 3);
  if (line.size() > kStatusEnd && line[kStatusEnd] != ' ') return kMalformed;
  start.third = line.size() > kStatusEnd ? line.substr(kStatusEnd + 1) : std::string_view();
  return is_field_text(start.third) ? nullptr : "The reason phrase holds a control byte.";
}

Fault read_start_line(std::string_view line, Extent extent, HeadKind kind, StartLine& start) {
  return kind == HeadKind::kRequest ? read_request_line(line, extent, start)
                                    : read_status_line(line, extent, start);
}

// name ":" OWS value OWS, or the beginning of such a line. REQUIRES: `line` is not empty.
Fault read_field_line(std::string_view line, Extent extent, Field& field) {
  if (is_blank(line.front()))
    return "A head line begins with white space (folded lines are obsolete).";
  const std::size_t name_end = token_length(line);
  if (name_end == line.size()) {
    return extent == Extent::kWhole ? "A head line has no colon." : nullptr;
  }
  if (name_end == 0 || line[name_end] != ':') return "A field name is empty or not a token.";
  const std::string_view value = line.substr(name_end + 1);
  if (!is_field_text(value)) return "A field value holds a control byte.";
  field = {.name = line.substr(0, name_end), .value = trim(value)};
  return nullptr;
}

// A line whose LF is not there. A CR at its end leaves it whole.
Fault check_unfinished_line(std::string_view line, HeadKind kind, LineIs place) {
  if (line.empty()) return nullptr;
  Extent extent = Extent::kBeginning;
  if (line.back() == '\r') {
    extent = Extent::kWhole;
    line.remove_suffix(1);
  }
  if (place == LineIs::kStart) {
    StartLine start;
    return read_start_line(line, extent, kind, start);
  }
  Field field;
  return line.empty() ? nullptr : read_field_line(line, extent, field);
}

}  // namespace

std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && kToken[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

// Both loops below have no exit but the end, so that the compiler makes vectors of them.
bool is_field_text(std::string_view text) {
  bool bad = false;
  for (const char character : text) {
    const auto byte = static_cast<std::uint8_t>(character);
    bad |= (byte < 0x20 && byte != '\t') || byte == 0x7f;
  }
  return !bad;
}

bool is_visible_ascii(std::string_view text) {
  bool bad = false;
  for (const char character : text) {
    const auto byte = static_cast<std::uint8_t>(character);
    bad |= byte <= 0x20 || byte >= 0x7f;
  }
  return !bad;
}

std::expected<std::size_t, Fault> scan_head(std::string_view bytes, HeadKind kind,
                                            const HeadLimits& limits, StartLine& start,
                                            std::vector<Field>& fields) {
  const std::string_view window = bytes.substr(0, limits.bytes);
  std::size_t at = kind == HeadKind::kRequest && window.starts_with("\r\n") ? 2 : 0;
  if (window == "\r") return 0;
  LineIs place = LineIs::kStart;
  while (true) {
    const std::size_t line_feed = window.find('\n', at);
    if (line_feed == std::string_view::npos) break;
    if (line_feed == at || window[line_feed - 1] != '\r') {
      return std::unexpected("A line ends in LF without CR.");
    }
    const std::string_view line = window.substr(at, line_feed - 1 - at);
    at = line_feed + 1;
    if (place == LineIs::kStart) {
      if (Fault fault = read_start_line(line, Extent::kWhole, kind, start)) {
        return std::unexpected(fault);
      }
      place = LineIs::kField;
      continue;
    }
    if (line.empty()) return at;
    if (fields.size() == limits.fields) return std::unexpected("The head has too many fields.");
    if (Fault fault = read_field_line(line, Extent::kWhole, fields.emplace_back())) {
      return std::unexpected(fault);
    }
  }
  if (Fault fault = check_unfinished_line(window.substr(at), kind, place)) {
    return std::unexpected(fault);
  }
  if (window.size() == limits.bytes) return std::unexpected("The head is too large.");
  return 0;
}

}  // namespace tollgate::net
