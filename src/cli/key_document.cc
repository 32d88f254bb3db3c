#include "cli/key_document.h"

#include <fmt/format.h>

#include <utility>

namespace tollgate::cli {
namespace {

enum class Empty { kLeftOut, kCleared };

void put_text(json::object& body, std::string_view member, const std::optional<std::string>& text,
              Empty empty) {
  if (!text) return;
  if (!text->empty()) {
    body[member] = *text;
  } else if (empty == Empty::kCleared) {
    body[member] = nullptr;
  }
}

// The items of a list flag: each use of it may hold several, separated by commas.
void put_list(json::object& body, std::string_view member,
              const std::optional<std::vector<std::string>>& uses) {
  if (!uses) return;
  json::array items;
  for (const std::string_view use : *uses) {
    for (std::size_t start = 0; start <= use.size();) {
      const std::size_t comma = std::min(use.find(',', start), use.size());
      const std::string_view item = use.substr(start, comma - start);
      if (!item.empty()) items.emplace_back(item);
      start = comma + 1;
    }
  }
  body[member] = std::move(items);
}

Result<json::object> common_document(const KeyFlags& flags, WallTime now, Empty empty) {
  json::object body;
  if (flags.name) body["name"] = *flags.name;
  put_text(body, "description", flags.description, empty);
  put_text(body, "icon", flags.icon, empty);
  put_text(body, "region", flags.region, empty);
  if (flags.role) body["role"] = *flags.role;
  if (flags.enforcement) body["enforcement"] = *flags.enforcement;
  put_list(body, "models", flags.models);
  put_list(body, "allowed_ips", flags.allowed_ips);
  put_list(body, "tags", flags.tags);
  if (flags.prefer_low_carbon) body["prefer_low_carbon"] = *flags.prefer_low_carbon;
  if (flags.expires) {
    auto expiry = parse_expiry(*flags.expires, now);
    if (!expiry) return std::unexpected(expiry.error());
    body["expires_at"] = *expiry;
  }
  if (!flags.limits.empty()) {
    auto limits = limits_document(flags.limits);
    if (!limits) return std::unexpected(limits.error());
    body["limits"] = std::move(*limits);
  }
  return body;
}

}  // namespace

Result<json::object> create_document(const KeyFlags& flags, WallTime now) {
  auto body = common_document(flags, now, Empty::kLeftOut);
  if (!body) return body;
  if (flags.environment) (*body)["environment"] = *flags.environment;
  if (flags.type) (*body)["type"] = *flags.type;
  if (flags.disabled) (*body)["enabled"] = false;
  return body;
}

Result<json::object> update_document(const KeyFlags& flags, WallTime now) {
  if (flags.no_limits && !flags.limits.empty()) {
    return fail(ErrorCode::kInvalidRequest,
                "--no-limits removes every limit: leave it out, or the limits");
  }
  auto body = common_document(flags, now, Empty::kCleared);
  if (!body) return body;
  if (flags.no_expiry) (*body)["expires_at"] = nullptr;
  if (flags.no_limits) (*body)["limits"] = json::array();
  return body;
}

Result<std::string> parse_expiry(std::string_view text, WallTime now) {
  if (const auto duration = parse_duration(text)) return format_time(now + *duration);
  if (parse_time(text)) return std::string(text);
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("--expires: `{}` is neither a duration such as 30d or 12h, nor a date or "
                          "time such as 2027-01-31 or 2027-01-31T12:00:00Z",
                          text));
}

Result<std::string> parse_since(std::string_view text, WallTime now) {
  if (const auto duration = parse_duration(text)) return format_time(now - *duration);
  if (parse_time(text)) return std::string(text);
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("`{}` is neither a date or time such as 2026-11-01 or "
                          "2026-11-01T12:00:00Z, nor a while ago such as 7d",
                          text));
}

}  // namespace tollgate::cli
