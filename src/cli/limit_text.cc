#include "cli/limit_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/table.h"

namespace tollgate::cli {
namespace {

std::vector<const json::object*> limits_of(const json::object& owner,
                                           std::string_view member = "limits") {
  std::vector<const json::object*> limits;
  const json::value* list = owner.if_contains(member);
  if (list == nullptr || !list->is_array()) return limits;
  for (const json::value& entry : list->get_array()) {
    if (const json::object* limit = entry.if_object()) limits.push_back(limit);
  }
  return limits;
}

// "25 USD", "60": a member that is counted as the limit's metric is.
std::string quantity(const json::object& limit, std::string_view member) {
  const std::string text = cell(limit, member);
  return cell(limit, "metric") == "cost" && text != "-" ? text + " USD" : text;
}

std::string limit_text(const json::object& limit) {
  const std::string window = cell(limit, "window");
  return fmt::format("{} {}{}", cell(limit, "metric"), quantity(limit, "amount"),
                     window == "-" ? "" : "/" + window);
}

std::vector<Column> use_columns() {
  return {{"LIMIT"},
          {"USED", Align::kRight},
          {"HELD", Align::kRight},
          {"REMAINING", Align::kRight},
          {"RESETS"}};
}

std::vector<std::string> use_cells(const json::object& limit) {
  return {limit_text(limit), quantity(limit, "used"), quantity(limit, "held"),
          quantity(limit, "remaining"), time_cell(limit, "resets_at")};
}

}  // namespace

std::string limits_cell(const json::object& owner) {
  std::string text;
  for (const json::object* limit : limits_of(owner)) {
    if (!text.empty()) text += ", ";
    text += limit_text(*limit);
  }
  return text.empty() ? "-" : text;
}

std::string limits_table(const json::object& owner) {
  Table table(use_columns());
  for (const json::object* limit : limits_of(owner)) table.add(use_cells(*limit));
  return table.empty() ? std::string() : "\n" + table.text();
}

std::string workspace_limits_table(const json::object& workspace) {
  std::vector<Column> columns = use_columns();
  columns.insert(columns.begin(), {"KEYS"});
  Table table(std::move(columns));
  const auto add = [&](std::string_view keys, std::string_view member) {
    for (const json::object* limit : limits_of(workspace, member)) {
      std::vector<std::string> cells = use_cells(*limit);
      cells.insert(cells.begin(), std::string(keys));
      table.add(std::move(cells));
    }
  };
  add("production", "limits");
  add("sandbox", "sandbox_limits");
  return table.empty() ? std::string() : "\n" + table.text();
}

}  // namespace tollgate::cli
