#include "cli/list_table.h"

#include <utility>

namespace tollgate::cli {

std::string count_cell(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_array() ? std::to_string(value->get_array().size()) : "-";
}

void print_list(const Invocation& invocation, const json::object& page,
                const std::vector<Field>& fields, std::string_view when_empty) {
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(page);
    return;
  }
  std::vector<Column> columns;
  columns.reserve(fields.size());
  for (const Field& field : fields) columns.push_back({field.title, field.align});
  Table table(std::move(columns));
  for (const json::value& entry : page.at("data").get_array()) {
    const json::object* object = entry.if_object();
    if (object == nullptr) continue;
    std::vector<std::string> cells;
    cells.reserve(fields.size());
    for (const Field& field : fields) cells.push_back(field.show(*object, field.member));
    table.add(std::move(cells));
  }
  invocation.print_table(table, page, when_empty);
}

Outcome<void> list_of(const Invocation& invocation, std::string_view path,
                      const QueryParameters& query, const std::vector<Field>& fields,
                      std::string_view when_empty) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto page = session->list(path, query, invocation.list_limit());
  if (!page) return std::unexpected(page.error());
  print_list(invocation, *page, fields, when_empty);
  return {};
}

}  // namespace tollgate::cli
