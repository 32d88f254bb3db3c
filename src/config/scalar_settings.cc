#include "config/scalar_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "config/text.h"
#include "config/url.h"
#include "config/yaml_reader.h"
#include "domain/money.h"

namespace tollgate::config {
namespace {

constexpr std::int64_t kKiB = 1'024;
constexpr std::int64_t kMiB = 1'024 * kKiB;
constexpr std::int64_t kTimeoutMax = 86'400;
constexpr Money kCreditValueMax = Money::from_nanos(1'000'000'000'000);  // 1,000 USD

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

std::vector<std::string_view> items(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (const auto item = ascii::trim(text.substr(0, comma)); !item.empty()) out.push_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

Result<std::int64_t> whole(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto value = parse_whole(text, least, most);
  if (!value) return refuse(fmt::format("must be a whole number from {} to {}", least, most));
  return *value;
}

// A number of bytes, or of KiB or MiB: "33554432", "32MiB", "32 MiB".
Result<std::size_t> size_in_bytes(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t unit = 1;
  std::string_view number = text;
  if (text.ends_with("KiB") || text.ends_with("MiB")) {
    unit = text.ends_with("KiB") ? kKiB : kMiB;
    number = ascii::trim(text.substr(0, text.size() - 3));
  }
  const auto value = parse_whole(number, 0, most);
  if (!value || *value > most / unit || *value * unit < least) {
    return refuse(fmt::format("must be a number of bytes from {} to {}, e.g. 65536, 64KiB or 2MiB",
                              least, most));
  }
  return static_cast<std::size_t>(*value * unit);
}

Result<bool> on_off(std::string_view text) {
  const std::string word = ascii::to_lower(text);
  if (word == "true" || word == "on" || word == "yes") return true;
  if (word == "false" || word == "off" || word == "no") return false;
  return refuse("must be true or false");
}

Result<std::string> path(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return refuse("must be a path");
  return std::string(text);
}

// Stores what a parser gave, or hands on why it could not.
template <class Target, class Value>
Status store(Target& target, Result<Value> value) {
  if (!value) return std::unexpected(value.error());
  target = Target(std::move(*value));
  return {};
}

Status apply_database_url(Settings& settings, std::string_view text) {
  if (text != "sqlite") {
    return refuse("this version supports only SQLite: write `database_url: sqlite`");
  }
  settings.database_url = text;
  return {};
}

Status apply_durability(Settings& settings, std::string_view text) {
  if (text != "full" && text != "process") {
    return refuse("must be full (rows survive power loss) or process (a crash of the process)");
  }
  settings.durability =
      text == "full" ? Settings::Durability::kFull : Settings::Durability::kProcess;
  return {};
}

Status apply_trusted_proxies(Settings& settings, std::string_view text) {
  std::vector<Cidr> networks;
  for (const std::string_view item : items(text)) {
    auto network = Cidr::parse(item);
    if (!network) {
      return refuse(
          "must be networks or addresses such as 10.0.0.0/8 or 192.0.2.7, host bits zero");
    }
    networks.push_back(*network);
  }
  settings.trusted_proxies = std::move(networks);
  return {};
}

Status apply_log_level(Settings& settings, std::string_view text) {
  static constexpr std::pair<std::string_view, LogLevel> kLevels[] = {
      {"trace", LogLevel::kTrace},     {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo},
      {"warning", LogLevel::kWarning}, {"error", LogLevel::kError},
  };
  const auto* level =
      std::ranges::find(kLevels, text, &std::pair<std::string_view, LogLevel>::first);
  if (level == std::end(kLevels)) return refuse("must be trace, debug, info, warning or error");
  settings.log_level = level->second;
  return {};
}

Status apply_log_format(Settings& settings, std::string_view text) {
  if (text != "text" && text != "json") return refuse("must be text or json");
  settings.log_format = text == "text" ? LogFormat::kText : LogFormat::kJson;
  return {};
}

Status apply_https_proxy(Settings& settings, std::string_view text) {
  settings.https_proxy.reset();
  if (text.empty() || text == "none") return {};
  return store(settings.https_proxy, parse_proxy_url(text));
}

Status apply_no_proxy(Settings& settings, std::string_view text) {
  settings.no_proxy.clear();
  for (const std::string_view item : items(text))
    settings.no_proxy.push_back(ascii::to_lower(item));
  return {};
}

// A limit or a grant in credits is worth nothing, or too much to count, without bounds.
Status apply_credit_usd(Settings& settings, std::string_view text) {
  const auto value = parse_money(text);
  if (!value || *value <= Money() || *value > kCreditValueMax) {
    return refuse("must be what one credit is worth in USD, above 0 and at most 1000, e.g. 0.01");
  }
  settings.credit_value = *value;
  return {};
}

// One function for each kind of member, so that the table below reads as a list.
template <auto Member, std::int64_t Least, std::int64_t Most>
Status apply_whole(Settings& settings, std::string_view text) {
  return store(settings.*Member, whole(text, Least, Most));
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Status apply_size(Settings& settings, std::string_view text) {
  return store(settings.limits.*Member, size_in_bytes(text, Least, Most));
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Status apply_count(Settings& settings, std::string_view text) {
  return store(settings.limits.*Member, whole(text, Least, Most));
}

template <auto Member>
Status apply_seconds(Settings& settings, std::string_view text) {
  return store(settings.limits.*Member, whole(text, 1, kTimeoutMax));
}

template <auto Member>
Status apply_on_off(Settings& settings, std::string_view text) {
  return store(settings.*Member, on_off(text));
}

template <auto Member>
Status apply_path(Settings& settings, std::string_view text) {
  return store(settings.*Member, path(text));
}

template <auto Member>
Status apply_tls(Settings& settings, std::string_view text) {
  return store(settings.tls.*Member, path(text));
}

Status apply_listen(Settings& settings, std::string_view text) {
  return store(settings.listen, parse_listen(text));
}

Status apply_token_prefix(Settings& settings, std::string_view text) {
  return store(settings.token_format, TokenFormat::create(std::string(text)));
}

using S = Settings;
using L = Settings::Limits;

constexpr auto kSettings = std::to_array<ScalarSetting>({
    {"listen", "TOLLGATE_LISTEN", apply_listen},
    {"data", "TOLLGATE_DATA", apply_path<&S::data>},
    {"database_url", "TOLLGATE_DATABASE_URL", apply_database_url},
    {"durability", "TOLLGATE_DURABILITY", apply_durability},
    {"threads", "TOLLGATE_THREADS", apply_whole<&S::threads, 1, 256>},
    {"token_prefix", "TOLLGATE_TOKEN_PREFIX", apply_token_prefix},
    {"require_https", "TOLLGATE_REQUIRE_HTTPS", apply_on_off<&S::require_https>},
    {"trusted_proxies", "TOLLGATE_TRUSTED_PROXIES", apply_trusted_proxies, SettingShape::kList},
    {"tls.certificate", "TOLLGATE_TLS_CERTIFICATE", apply_tls<&S::Tls::certificate>},
    {"tls.private_key", "TOLLGATE_TLS_PRIVATE_KEY", apply_tls<&S::Tls::private_key>},
    {"limits.head_bytes", "TOLLGATE_LIMITS_HEAD_BYTES",
     apply_size<&L::head_bytes, 1 * kKiB, 1 * kMiB>},
    {"limits.head_fields", "TOLLGATE_LIMITS_HEAD_FIELDS", apply_count<&L::head_fields, 8, 1'000>},
    {"limits.body_bytes", "TOLLGATE_LIMITS_BODY_BYTES",
     apply_size<&L::body_bytes, 1 * kKiB, 1'024 * kMiB>},
    {"limits.client_head_timeout_s", "TOLLGATE_LIMITS_CLIENT_HEAD_TIMEOUT_S",
     apply_seconds<&L::client_head_timeout>},
    {"limits.client_body_timeout_s", "TOLLGATE_LIMITS_CLIENT_BODY_TIMEOUT_S",
     apply_seconds<&L::client_body_timeout>},
    {"limits.idle_timeout_s", "TOLLGATE_LIMITS_IDLE_TIMEOUT_S", apply_seconds<&L::idle_timeout>},
    {"limits.connections_max", "TOLLGATE_LIMITS_CONNECTIONS_MAX",
     apply_count<&L::connections_max, 1, 10'000'000>},
    {"log_level", "TOLLGATE_LOG_LEVEL", apply_log_level},
    {"log_format", "TOLLGATE_LOG_FORMAT", apply_log_format},
    {"record_ip", "TOLLGATE_RECORD_IP", apply_on_off<&S::record_ip>},
    {"retention_months", "TOLLGATE_RETENTION_MONTHS", apply_whole<&S::retention_months, 1, 1'200>},
    {"secret_age_warning_days", "TOLLGATE_SECRET_AGE_WARNING_DAYS",
     apply_whole<&S::secret_age_warning_days, 1, 36'500>},
    {"credit_usd", "TOLLGATE_CREDIT_USD", apply_credit_usd},
    {"https_proxy", "TOLLGATE_HTTPS_PROXY", apply_https_proxy},
    {"no_proxy", "TOLLGATE_NO_PROXY", apply_no_proxy, SettingShape::kList},
    {"upstream_ca_file", "TOLLGATE_UPSTREAM_CA_FILE", apply_path<&S::upstream_ca_file>},
});

}  // namespace

std::span<const ScalarSetting> scalar_settings() { return kSettings; }

}  // namespace tollgate::config
