#include "admin/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "domain/credentials.h"

namespace tollgate {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded_part(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

// What stands before `separator`; `rest` keeps what stands after it.
std::string_view cut(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

// A parameter's name as an error may show it: an unknown one could be a token.
std::string_view shown_name(std::string_view name) {
  constexpr std::size_t kShownLengthMax = 32;
  const bool plain =
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain && !name.empty() && name.size() <= kShownLengthMax ? name
                                                                  : "(a name not shown here)";
}

}  // namespace

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    std::string_view value = cut(text, '&');
    if (value.empty()) continue;
    const auto name = decoded_part(cut(value, '='));
    const auto decoded = decoded_part(value);
    if (!name || !decoded) {
      return fail(ErrorCode::kInvalidRequest,
                  "Correct the URL: a query parameter is not properly percent-encoded.");
    }
    if (has_control(*name) || has_control(*decoded)) {
      return fail(
          ErrorCode::kInvalidRequest,
          "Correct the URL: a query parameter has a control character, such as a line end.");
    }
    if (!query.values_.emplace(*name, *decoded).second) {
      return std::unexpected(bad_parameter(shown_name(*name), "stands twice"));
    }
    if (query.values_.size() > kQueryParametersMax) {
      return fail(ErrorCode::kInvalidRequest, "Send fewer query parameters.");
    }
  }
  return query;
}

std::optional<std::string> Query::take(std::string_view name) {
  const auto at = values_.find(name);
  if (at == values_.end()) return std::nullopt;
  std::string value = std::move(at->second);
  values_.erase(at);
  return value.empty() ? std::nullopt : std::optional(std::move(value));
}

Result<int> Query::take_limit() {
  const auto text = take("limit");
  if (!text) return kPageLimitDefault;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  if (!whole || limit < 1 || limit > kPageLimitMax) {
    return std::unexpected(
        bad_parameter("limit", fmt::format("must be a whole number from 1 to {}", kPageLimitMax)));
  }
  return limit;
}

Result<Query::Truth> Query::take_truth(std::string_view name, Truth fallback) {
  const auto text = take(name);
  if (!text) return fallback;
  if (*text == "true") return Truth::kTrue;
  if (*text == "false") return Truth::kFalse;
  return std::unexpected(bad_parameter(name, "must be true or false"));
}

Result<std::optional<WallTime>> Query::take_time(std::string_view name, Bound bound) {
  constexpr std::size_t kDateLength = 10;  // "2026-11-21"
  const auto text = take(name);
  if (!text) return std::optional<WallTime>();
  const auto time = parse_time(*text);
  if (!time) {
    return std::unexpected(
        bad_parameter(name, "must be a time such as 2026-11-21T00:00:00Z, or a date"));
  }
  const bool whole_day = bound == Bound::kTo && text->size() == kDateLength;
  return whole_day ? *time + std::chrono::days(1) : *time;
}

Status Query::finish() const {
  if (values_.empty()) return {};
  const std::string_view name = shown_name(values_.begin()->first);
  return std::unexpected(bad_parameter(name, "is not known here"));
}

Error Query::bad_parameter(std::string_view name, std::string_view what) {
  return Error{.code = ErrorCode::kInvalidRequest,
               .message = fmt::format("Correct the query parameter `{}`: it {}.", name, what),
               .param = std::string(name)};
}

bool token_in_admin_url(std::string_view target, const TokenFormat& format) {
  if (key_in_url(target, format)) return true;
  std::string_view path = cut(target, '?');
  while (!path.empty()) {
    const auto segment = percent_decoded(cut(path, '/'));
    if (segment && format.looks_like_token(*segment)) return true;
  }
  return false;
}

}  // namespace tollgate
