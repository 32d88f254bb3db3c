#include "domain/credentials.h"

#include <algorithm>
#include <array>
#include <optional>

namespace tollgate {

namespace {

constexpr std::size_t kRequestIdLengthMax = 128;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool well_formed(std::string_view token) {
  return !token.empty() && token.size() <= kTokenLengthMax &&
         std::ranges::all_of(token, [](char c) { return c >= 0x21 && c <= 0x7E; });
}

std::unexpected<Error> malformed() {
  return fail(ErrorCode::kInvalidApiKey,
              "The API key cannot be read. Send it as \"Authorization: Bearer KEY\" or "
              "\"x-api-key: KEY\", exactly as it was shown when it was created.");
}

std::unexpected<Error> contradictory() {
  return fail(ErrorCode::kInvalidApiKey,
              "The request carries two different API keys. Send one, in one header.");
}

// The token after "Bearer "; nullopt when the value is anything else.
std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return authorization.substr(kScheme.size());
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// Percent escapes and '+' as forms write them; an escape that is none stays as it stands.
std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

bool holds_token(std::string_view text, const TokenFormat& format) {
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (is_word(text[i]) || text[i] == '-' || text[i] == '_')) continue;
    if (format.looks_like_token(text.substr(start, i - start))) return true;
    start = i + 1;
  }
  return false;
}

namespace {

bool names_a_credential(std::string_view name, std::string_view path) {
  constexpr std::array<std::string_view, 6> kNames = {"api_key",      "api-key", "apikey",
                                                      "access_token", "token",   "x-api-key"};
  // There, and on the dashboard's page of usage, it is a filter: an id or a name.
  if (equal_ignoring_case(name, "key")) return !path.starts_with("/admin/") && path != "/usage";
  return std::ranges::any_of(
      kNames, [name](std::string_view known) { return equal_ignoring_case(name, known); });
}

}  // namespace

Result<std::string_view> find_credential(const CredentialHeaders& headers) {
  std::optional<std::string_view> found;
  if (!headers.authorization.empty()) {
    found = bearer_token(headers.authorization);
    if (!found) return malformed();
  }
  for (const std::string_view value :
       {headers.x_api_key, headers.api_key, headers.x_goog_api_key}) {
    if (value.empty()) continue;
    if (found && *found != value) return contradictory();
    found = value;
  }
  if (headers.repeated) return contradictory();
  if (!found) {
    return fail(ErrorCode::kMissingApiKey,
                "No API key was sent. Send yours as \"Authorization: Bearer KEY\" or "
                "\"x-api-key: KEY\".");
  }
  if (!well_formed(*found)) return malformed();
  return *found;
}

bool key_in_url(std::string_view target, const TokenFormat& format) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return false;
  const std::string_view path = target.substr(0, mark);
  std::string_view rest = target.substr(mark + 1);
  for (;;) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    const std::string name = decoded(pair.substr(0, equals));
    const std::string value =
        equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1));
    if (holds_token(name, format) || holds_token(value, format)) return true;
    if (!value.empty() && names_a_credential(name, path)) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

std::string scrubbed_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  return std::string(target.substr(0, mark)) + "?…";
}

std::string_view safe_request_id(std::string_view value) {
  const auto safe = [](char c) {
    return is_word(c) || c == '.' || c == '_' || c == ':' || c == '-';
  };
  const bool sound = value.size() <= kRequestIdLengthMax && std::ranges::all_of(value, safe) &&
                     !has_token_checksum(value);
  return sound ? value : std::string_view();
}

}  // namespace tollgate
