#include "cli/flags.h"

#include <fmt/format.h>

namespace tollgate::cli {

void Invocation::print_json(const json::object& document) const {
  terminal.out(json::serialize(document) + "\n");
}

void Invocation::print_table(const Table& table, const json::object& page,
                             std::string_view when_empty) const {
  if (table.empty()) {
    terminal.out(fmt::format("{}\n", when_empty));
    return;
  }
  terminal.out(table.text());
  const json::value* next = page.if_contains("next_cursor");
  if (next == nullptr || !next->is_string()) return;
  terminal.err(fmt::format("There are more than these {}: ask for them with --limit N.\n",
                           page.at("data").get_array().size()));
}

}  // namespace tollgate::cli
