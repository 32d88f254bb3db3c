#include "admin/limit_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "domain/credits.h"
#include "domain/limit_policy.h"

namespace tollgate {

namespace {

constexpr std::array<std::string_view, 4> kMembers{"metric", "window", "amount", "unit"};

// Stands for what cannot be read. Its one problem of policy is its window, so that it is never
// taken for the double of a sound limit.
constexpr Limit kUnread{.metric = Metric::kCost, .window = {.kind = WindowKind::kNow}};

// One element of the list. What cannot be read leaves a problem behind.
class LimitReader {
 public:
  LimitReader(const json::object& object, std::string param, std::vector<PolicyProblem>& problems)
      : object_(object), param_(std::move(param)), problems_(problems) {}

  // nullopt when its metric is not known: then no rule can judge the rest.
  std::optional<Limit> read(Money credit_value) {
    const std::optional<Metric> metric = read_metric();
    const Window window = read_window();
    std::optional<Limit> limit;
    if (metric) {
      const std::int64_t amount =
          *metric == Metric::kCost ? read_money(credit_value) : read_count();
      limit = Limit{.metric = *metric, .window = window, .amount = amount};
    }
    refuse_unknown();
    return limit;
  }

 private:
  void problem(std::string_view member, std::string message) {
    problems_.push_back({fmt::format("{}.{}", param_, member), std::move(message)});
  }

  std::optional<Metric> read_metric() {
    const json::value* value = object_.if_contains("metric");
    std::optional<Metric> metric;
    if (value != nullptr && value->is_string()) metric = metric_from_name(value->get_string());
    if (!metric) problem("metric", "must be one of cost, tokens, requests, concurrency");
    return metric;
  }

  // kNow when it is absent, which is right for concurrency and a problem of policy elsewhere.
  Window read_window() {
    constexpr Window kNone{.kind = WindowKind::kNow};
    const json::value* value = object_.if_contains("window");
    if (value == nullptr || value->is_null()) return kNone;
    std::optional<Window> window;
    if (value->is_string() && !value->get_string().empty()) {
      window = window_from_name(value->get_string());
    }
    if (!window) problem("window", fmt::format("must be one of {}", kWindowChoices));
    return window.value_or(kNone);
  }

  std::int64_t read_money(Money credit_value) {
    const json::value* unit = object_.if_contains("unit");
    const bool credits = unit != nullptr && *unit == "credits";
    if (unit != nullptr && !credits && *unit != "usd") {
      problem("unit", "must be usd or credits");
      return 0;
    }
    const json::value* amount = object_.if_contains("amount");
    if (amount == nullptr || !amount->is_string()) {
      problem("amount", "must be a decimal string such as \"12.5\"");
      return 0;
    }
    const std::string_view text = amount->get_string();
    const Result<Money> money = credits ? parse_credits(text, credit_value) : parse_money(text);
    if (money) return money->nanos();
    problem("amount", "is no amount of money: " + money.error().message);
    return 0;
  }

  std::int64_t read_count() {
    if (object_.contains("unit")) problem("unit", "is for limits of cost only");
    const json::value* amount = object_.if_contains("amount");
    if (amount != nullptr && amount->is_int64()) return amount->get_int64();
    problem("amount", "must be a whole number");
    return 0;
  }

  void refuse_unknown() {
    for (const auto& member : object_) {
      const std::string_view name = member.key();
      if (std::ranges::find(kMembers, name) != kMembers.end()) continue;
      problem(name.size() <= kShownNameMax ? name : "…", "is not a known member");
    }
  }

  static constexpr std::size_t kShownNameMax = 64;

  const json::object& object_;
  std::string param_;
  std::vector<PolicyProblem>& problems_;
};

}  // namespace

ReadLimits read_limits(const json::value& list, Money credit_value) {
  ReadLimits read;
  if (list.is_null()) return read;
  const json::array* elements = list.if_array();
  if (elements == nullptr) {
    read.problems.push_back({"limits", "must be a list of limits"});
    return read;
  }
  if (elements->size() > kLimitsMax) {
    read.problems.push_back({"limits", fmt::format("must list at most {} limits", kLimitsMax)});
    return read;
  }
  // Params about which the rules have nothing to add.
  std::set<std::string, std::less<>> told;
  for (const json::value& element : *elements) {
    const std::string param = fmt::format("limits[{}]", read.limits.size());
    std::optional<Limit> limit;
    if (const json::object* object = element.if_object()) {
      limit = LimitReader(*object, param, read.problems).read(credit_value);
    } else {
      read.problems.push_back(
          {param, R"(must be an object such as {"metric":"cost","window":"month","amount":"25"})"});
    }
    if (!limit) told.insert(param + ".window");
    read.limits.push_back(limit.value_or(kUnread));
  }
  for (const PolicyProblem& problem : read.problems) told.insert(problem.param);
  for (auto& wrong : validate_limits(read.limits)) {
    if (!told.contains(wrong.param)) read.problems.push_back(std::move(wrong));
  }
  return read;
}

}  // namespace tollgate
