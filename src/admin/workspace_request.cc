#include "admin/workspace_request.h"

#include <utility>

#include "admin/limit_request.h"
#include "base/json.h"
#include "domain/credits.h"
#include "domain/text_rules.h"

namespace tollgate {

namespace {

std::optional<std::string> read_name(ObjectReader& reader) {
  std::optional<std::string> name = reader.string("name");
  if (!name) return std::nullopt;
  if (auto wrong = workspace_name_problem(*name)) reader.problem("name", std::move(*wrong));
  return name;
}

// Of {"balance": {"mode": …}}, as a workspace shows it; its figures are nobody's to set.
std::optional<BalanceMode> read_balance_mode(ObjectReader& reader) {
  const json::value* balance = reader.raw("balance");
  if (balance == nullptr) return std::nullopt;
  const json::object* members = balance->if_object();
  const json::value* mode = members == nullptr ? nullptr : members->if_contains("mode");
  std::optional<BalanceMode> known;
  if (mode != nullptr && mode->is_string()) known = balance_mode_from_name(mode->get_string());
  if (!known) {
    reader.problem("balance.mode", "must be unlimited or prepaid");
  } else if (members->size() > 1) {
    reader.problem("balance", "takes its mode only: grants move the rest");
  }
  return known;
}

std::optional<std::vector<Limit>> read_limit_list(ObjectReader& reader, Money credit_value) {
  const json::value* list = reader.raw("limits");
  if (list == nullptr) return std::nullopt;
  ReadLimits read = read_limits(*list, credit_value);
  for (auto& problem : read.problems) reader.problem(problem.param, std::move(problem.message));
  return std::move(read.limits);
}

// "25" or "-5"; nullopt leaves a problem behind.
std::optional<Money> read_amount(ObjectReader& reader, Money credit_value) {
  const std::optional<std::string> unit = reader.string("unit");
  if (unit && *unit != "usd" && *unit != "credits") {
    reader.problem("unit", "must be usd or credits");
  }
  const std::optional<std::string> text = reader.string("amount");
  if (!text) {
    if (!reader.has("amount")) reader.problem("amount", "must be given, e.g. \"25\"");
    return std::nullopt;
  }
  const bool deduction = text->starts_with('-');
  const std::string_view size = std::string_view(*text).substr(deduction ? 1 : 0);
  const Result<Money> money =
      unit == "credits" ? parse_credits(size, credit_value) : parse_money(size);
  if (!money) {
    reader.problem("amount",
                   "must be a decimal string such as \"25\", or \"-5\" for a deduction, with at "
                   "most 9 decimals, worth at most 9000000000 USD");
    return std::nullopt;
  }
  if (*money == Money()) reader.problem("amount", "must not be zero");
  return deduction ? Money::from_nanos(-money->nanos()) : *money;
}

}  // namespace

Result<std::string> parse_workspace_create(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  std::optional<std::string> name = read_name(reader);
  if (!name && !reader.has("name")) reader.problem("name", "must be given");
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return std::move(*name);
}

Result<WorkspacePatch> parse_workspace_patch(std::string_view body, Money credit_value) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  WorkspacePatch patch{.name = read_name(reader),
                       .limits = read_limit_list(reader, credit_value),
                       .balance_mode = read_balance_mode(reader)};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return patch;
}

void apply_workspace_patch(const WorkspacePatch& patch, Workspace& workspace) {
  if (patch.name) workspace.name = *patch.name;
  if (patch.limits) workspace.limits = *patch.limits;
  if (patch.balance_mode) workspace.balance_mode = *patch.balance_mode;
}

Result<Ledger::GrantRequest> parse_grant(std::string_view body, Money credit_value) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  const std::optional<Money> amount = read_amount(reader, credit_value);
  std::string note = reader.string("note").value_or("");
  if (auto wrong = text_problem(note, kGrantNoteLengthMax, TextRule::kLines)) {
    reader.problem("note", std::move(*wrong));
  }
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return Ledger::GrantRequest{.amount = *amount, .note = std::move(note)};
}

Result<TestClockMove> parse_test_clock(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  const std::optional<std::string> advance = reader.string("advance");
  const std::optional<std::string> now = reader.string("now");
  TestClockMove move;
  if (advance && now) {
    reader.problem("now", "and advance exclude each other: give one of them");
  } else if (advance) {
    const auto duration = parse_duration(*advance);
    if (duration) move = std::chrono::microseconds(*duration);
    if (!duration) reader.problem("advance", "must be a duration such as 90s, 15m, 1h or 30d");
  } else if (now) {
    const auto time = parse_time(*now);
    if (time) move = *time;
    if (!time) reader.problem("now", "must be a time such as 2027-01-31T00:00:00Z, or a date");
  } else if (!reader.has("advance") && !reader.has("now")) {
    reader.problem("advance", "or now must be given");
  }
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return move;
}

}  // namespace tollgate
