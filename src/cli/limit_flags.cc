#include "cli/limit_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "domain/money.h"

namespace tollgate::cli {
namespace {

constexpr std::int64_t kCountMax = 1'000'000'000'000'000;  // exact in every JSON reader
constexpr std::size_t kDaysDigitsMax = 5;

constexpr auto kWindows = std::to_array<std::string_view>(
    {"60s", "hour", "day", "week", "month", "year", "lifetime", "request"});

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

Result<std::string> parse_window(std::string_view text) {
  if (text == "minute") return "60s";
  if (std::ranges::find(kWindows, text) != kWindows.end()) return std::string(text);
  const bool days = text.size() >= 2 && text.size() <= kDaysDigitsMax + 1 && text.back() == 'd' &&
                    text.front() != '0' &&
                    std::ranges::all_of(text.substr(0, text.size() - 1), is_digit);
  if (days) return std::string(text);
  return refuse(fmt::format(
      "`{}` is no window; use 60s, hour, day, week, month, year, lifetime, request, or 30d for "
      "every 30 days",
      text));
}

// "60", "100k", "1.5M": a whole number once its suffix is taken into account.
Result<std::int64_t> parse_count(std::string_view text) {
  static constexpr std::pair<char, int> kSuffixes[] = {{'k', 3}, {'K', 3}, {'M', 6}, {'G', 9}};
  std::string_view number = text;
  int zeros = 0;
  for (const auto& [suffix, power] : kSuffixes) {
    if (!number.ends_with(suffix)) continue;
    number.remove_suffix(1);
    zeros = power;
    break;
  }
  const std::size_t point = number.find('.');
  std::string digits(number.substr(0, point));
  std::string_view fraction;
  if (point != std::string_view::npos) fraction = number.substr(point + 1);
  const bool sound = !digits.empty() && digits.size() <= 16 &&
                     (point == std::string_view::npos || !fraction.empty()) &&
                     fraction.size() <= static_cast<std::size_t>(zeros) &&
                     std::ranges::all_of(digits, is_digit) &&
                     std::ranges::all_of(fraction, is_digit);
  if (!sound) return refuse(fmt::format("`{}` is no whole number such as 60, 100k or 1.5M", text));
  digits += fraction;
  digits.append(static_cast<std::size_t>(zeros) - fraction.size(), '0');
  std::int64_t value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
    if (value > kCountMax) return refuse(fmt::format("`{}` is too large", text));
  }
  return value;
}

// `amount` may end in "/WINDOW"; without one, `window` is the window ("" = none, concurrency).
Result<json::object> build(std::string_view metric, std::string_view amount,
                           std::string_view window) {
  json::object limit{{"metric", metric}};
  if (!window.empty()) {
    auto known = parse_window(window);
    if (!known) return std::unexpected(known.error());
    limit["window"] = *known;
  }
  if (metric == "cost") {
    if (auto put = put_money(limit, amount); !put) return std::unexpected(put.error());
    return limit;
  }
  const auto count = parse_count(amount);
  if (!count) return std::unexpected(count.error());
  limit["amount"] = *count;
  return limit;
}

Result<json::object> build_with_window(std::string_view metric, std::string_view text,
                                       std::string_view otherwise) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return build(metric, text, otherwise);
  if (slash + 1 == text.size()) return refuse("a window must follow the slash, e.g. /month");
  return build(metric, text.substr(0, slash), text.substr(slash + 1));
}

}  // namespace

Status put_money(json::object& body, std::string_view text) {
  std::string_view amount = text;
  const bool credits = amount.ends_with("cr");
  if (credits) {
    amount.remove_suffix(2);
  } else if (amount.starts_with('$')) {
    amount.remove_prefix(1);
  } else if (amount.ends_with("usd")) {
    amount.remove_suffix(3);
  }
  const auto money = parse_money(amount);
  if (!money) {
    return refuse(fmt::format("`{}` is no amount of money such as 25, 0.50 or 500cr", text));
  }
  body["amount"] = format_money(*money);
  if (credits) body["unit"] = "credits";
  return {};
}

bool LimitFlags::empty() const {
  return limit.empty() && !cost && !tokens && !rpm && !tpm && !parallel && !daily && !monthly &&
         !max_request;
}

Result<json::object> parse_limit(std::string_view text) {
  static constexpr std::string_view kForm =
      "write METRIC:AMOUNT/WINDOW, e.g. cost:25/month, requests:60/60s, tokens:1M/day, or "
      "concurrency:4";
  const std::size_t colon = text.find(':');
  const std::string_view metric = text.substr(0, colon);
  if (colon == std::string_view::npos ||
      (metric != "cost" && metric != "tokens" && metric != "requests" && metric != "concurrency")) {
    return refuse(fmt::format("`{}` is no limit; {}", text, kForm));
  }
  const std::string_view rest = text.substr(colon + 1);
  const bool has_window = rest.find('/') != std::string_view::npos;
  if (metric == "concurrency") {
    if (has_window) return refuse("concurrency has no window; write concurrency:4");
    return build(metric, rest, "");
  }
  if (!has_window) return refuse(fmt::format("`{}` has no window; {}", text, kForm));
  return build_with_window(metric, rest, "");
}

Result<json::array> limits_document(const LimitFlags& flags) {
  json::array limits;
  std::optional<Error> first_error;
  const auto take = [&](std::string_view flag, Result<json::object> limit) {
    if (limit) {
      limits.push_back(std::move(*limit));
    } else if (!first_error) {
      first_error = limit.error();
      first_error->message = fmt::format("{}: {}", flag, first_error->message);
    }
  };
  for (const std::string& text : flags.limit) take("--limit", parse_limit(text));
  if (flags.cost) take("--cost", build_with_window("cost", *flags.cost, "lifetime"));
  if (flags.tokens) take("--tokens", build_with_window("tokens", *flags.tokens, "lifetime"));
  if (flags.rpm) take("--rpm", build("requests", *flags.rpm, "60s"));
  if (flags.tpm) take("--tpm", build("tokens", *flags.tpm, "60s"));
  if (flags.parallel) take("--parallel", build("concurrency", *flags.parallel, ""));
  if (flags.daily) take("--daily", build("cost", *flags.daily, "day"));
  if (flags.monthly) take("--monthly", build("cost", *flags.monthly, "month"));
  if (flags.max_request) take("--max-request", build("cost", *flags.max_request, "request"));
  if (first_error) return std::unexpected(*first_error);
  return limits;
}

}  // namespace tollgate::cli
