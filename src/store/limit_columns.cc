#include "store/limit_columns.h"

#include <optional>

#include "base/json.h"
#include "domain/limit_json.h"
#include "domain/money.h"
#include "store/columns.h"

namespace tollgate::store {

namespace {

std::optional<std::string_view> text_member(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return std::string_view(member->get_string());
}

std::optional<std::int64_t> amount_of(const json::object& limit, Metric metric) {
  if (metric == Metric::kCost) {
    const auto text = text_member(limit, "amount");
    const auto money = parse_money(text.value_or(""));
    return money ? std::optional(money->nanos()) : std::nullopt;
  }
  const json::value* amount = limit.if_contains("amount");
  if (amount == nullptr || !amount->is_int64()) return std::nullopt;
  return amount->get_int64();
}

std::optional<Limit> limit_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const auto metric = metric_from_name(text_member(*object, "metric").value_or(""));
  const auto window = window_from_name(text_member(*object, "window").value_or(""));
  if (!metric || !window) return std::nullopt;
  const auto amount = amount_of(*object, *metric);
  if (!amount) return std::nullopt;
  return Limit{.metric = *metric, .window = *window, .amount = *amount};
}

}  // namespace

std::string limits_text(const std::vector<Limit>& limits) {
  return json::serialize(limit_rules_json(limits));
}

Result<std::vector<Limit>> limits_values(std::string_view text) {
  std::vector<Limit> limits;
  if (text == "[]") return limits;
  const Result<json::value> parsed = parse_json(text);
  if (!parsed || !parsed->is_array()) return unreadable("a list of limits");
  for (const json::value& value : parsed->get_array()) {
    const std::optional<Limit> limit = limit_of(value);
    if (!limit) return unreadable("a limit");
    limits.push_back(*limit);
  }
  return limits;
}

}  // namespace tollgate::store
