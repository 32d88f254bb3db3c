#include "cli/decision_text.h"

#include <string_view>
#include <utility>
#include <vector>

#include "cli/table.h"

namespace tollgate::cli {
namespace {

// "down 2, region 1"
std::string counts_cell(const json::object& decision) {
  const json::value* counts = decision.if_contains("dropped_counts");
  if (counts == nullptr || !counts->is_object()) return "-";
  std::string out;
  for (const auto& [reason, count] : counts->get_object()) {
    if (!out.empty()) out += ", ";
    out += printable(reason) + " " + cell(counts->get_object(), reason);
  }
  return out.empty() ? "-" : out;
}

// One line per entry of the list `name`: `members` under `titles`.
std::string entries_table(const json::object& decision, std::string_view name,
                          std::vector<Column> titles,
                          const std::vector<std::string_view>& members) {
  const json::value* entries = decision.if_contains(name);
  if (entries == nullptr || !entries->is_array()) return {};
  Table table(std::move(titles));
  for (const json::value& entry : entries->get_array()) {
    const json::object* object = entry.if_object();
    if (object == nullptr) continue;
    std::vector<std::string> cells;
    cells.reserve(members.size());
    for (const std::string_view member : members) cells.push_back(cell(*object, member));
    table.add(std::move(cells));
  }
  return table.empty() ? std::string() : "\n" + table.text();
}

}  // namespace

std::string decision_text(const json::object& decision) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string_view member :
       {"strategy", "profile", "classified", "confidence", "tier", "eligible"}) {
    if (decision.contains(member)) fields.emplace_back(member, cell(decision, member));
  }
  fields.emplace_back("dropped", counts_cell(decision));
  return field_lines(fields) +
         entries_table(
             decision, "candidates",
             {{"CANDIDATE"}, {"PROVIDER"}, {"REGION"}, {"HEALTH"}, {"SCORE", Align::kRight}},
             {"model", "provider", "region", "health", "score"}) +
         entries_table(decision, "dropped", {{"DROPPED"}, {"PROVIDER"}, {"REGION"}, {"WHY"}},
                       {"model", "provider", "region", "why"});
}

}  // namespace tollgate::cli
