#include "cli/workspace_document.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/clock.h"

namespace tollgate::cli {
namespace {

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

// Puts "-" before the amount that put_money() left.
void negate(json::object& body) {
  std::string amount("-");
  amount += std::string_view(body.at("amount").as_string());
  body["amount"] = std::move(amount);
}

}  // namespace

Result<json::object> workspace_update_document(const WorkspaceFlags& flags) {
  json::object body;
  if (flags.name) body["name"] = *flags.name;
  if (flags.balance) body["balance"] = json::object{{"mode", *flags.balance}};
  if (flags.no_limits && !flags.limits.empty()) {
    return refuse("--no-limits removes every limit: leave it out, or the limits");
  }
  if (flags.no_limits) body["limits"] = json::array();
  if (!flags.limits.empty()) {
    auto limits = limits_document(flags.limits);
    if (!limits) return std::unexpected(limits.error());
    body["limits"] = std::move(*limits);
  }
  return body;
}

Result<json::object> grant_document(const WorkspaceFlags& flags) {
  if (flags.amount.has_value() == flags.deduct.has_value()) {
    return refuse("give either AMOUNT, such as 25 or 500cr, or --deduct AMOUNT");
  }
  const std::string_view text = flags.deduct ? *flags.deduct : *flags.amount;
  const bool negative = !flags.deduct && text.starts_with('-');
  json::object body;
  if (auto put = put_money(body, text.substr(negative ? 1 : 0)); !put) {
    return std::unexpected(put.error());
  }
  if (negative || flags.deduct) negate(body);
  if (flags.note) body["note"] = *flags.note;
  return body;
}

Result<json::object> test_clock_document(const WorkspaceFlags& flags) {
  if (flags.advance.has_value() == flags.to.has_value()) {
    return refuse("give either a duration, such as 1h or 30d, or --to TIME");
  }
  if (flags.to) {
    if (!parse_time(*flags.to)) {
      return refuse(
          fmt::format("--to: `{}` is no time such as 2027-01-31T12:00:00Z, nor a date", *flags.to));
    }
    return json::object{{"now", *flags.to}};
  }
  if (!parse_duration(*flags.advance)) {
    return refuse(fmt::format("`{}` is no duration such as 90s, 15m, 1h or 30d", *flags.advance));
  }
  return json::object{{"advance", *flags.advance}};
}

}  // namespace tollgate::cli
