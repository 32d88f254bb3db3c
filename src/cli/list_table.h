// Lists of the admin API as tables: which columns, what stands in each, and the list fetched and
// printed as --json or as a table. The commands that list use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.h"

namespace tollgate::cli {

// A column of a list: its title and what stands in it.
struct Field {
  std::string title;
  std::string member;
  Align align = Align::kLeft;
  std::string (*show)(const json::object&, std::string_view) = cell;
};

// How many elements the member has.
std::string count_cell(const json::object& object, std::string_view member);

// {"data", "next_cursor"}, one row per entry.
void print_list(const Invocation& invocation, const json::object& page,
                const std::vector<Field>& fields, std::string_view when_empty);
// Fetches as much of the list as --limit says, and prints it.
Outcome<void> list_of(const Invocation& invocation, std::string_view path,
                      const QueryParameters& query, const std::vector<Field>& fields,
                      std::string_view when_empty);

}  // namespace tollgate::cli
