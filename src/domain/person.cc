#include "domain/person.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "domain/text_rules.h"

namespace tollgate {

namespace {

constexpr std::size_t kLocalPartMax = 64;  // RFC 5321 §4.5.3.1.1

bool is_host(std::string_view host) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (host.empty() || host.front() == '.' || host.back() == '.') return false;
  return std::ranges::all_of(host, fits) && host.find("..") == std::string_view::npos;
}

}  // namespace

bool session_has_ended(const PersonSession& session, WallTime now) {
  return now >= session_end(session);
}

WallTime session_end(const PersonSession& session) {
  return std::min(session.last_seen_at + kSessionIdle, session.created_at + kSessionAbsolute);
}

std::optional<std::string> normal_email(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.size() > kEmailLengthMax) return std::nullopt;
  if (text_problem(text, kEmailLengthMax, TextRule::kOneLine)) return std::nullopt;
  std::string email(text);
  for (char& c : email) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto at = email.find('@');
  if (at == 0 || at == std::string::npos || at > kLocalPartMax) return std::nullopt;
  if (email.find_first_of(" @\"<>,;:\\()[]", at + 1) != std::string::npos) return std::nullopt;
  if (email.find_first_of(" \"<>,;:\\()[]") < at) return std::nullopt;
  if (!is_host(std::string_view(email).substr(at + 1))) return std::nullopt;
  return email;
}

std::optional<std::string> password_problem(std::string_view password) {
  const auto length = utf8_length(password);
  if (!length) return "must be valid UTF-8";
  if (*length < kPasswordLengthMin) {
    return fmt::format("must be at least {} characters long: a few words make a good one",
                       kPasswordLengthMin);
  }
  if (password.size() > kPasswordBytesMax) {
    return fmt::format("must be at most {} bytes long", kPasswordBytesMax);
  }
  if (std::ranges::all_of(password, [&](char c) { return c == password.front(); })) {
    return "must not be one character over and over";
  }
  return std::nullopt;
}

}  // namespace tollgate
