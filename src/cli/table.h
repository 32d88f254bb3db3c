// Tables for people at a terminal: columns as wide as their widest cell, and nothing a stored name
// could do to the terminal. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace tollgate::cli {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);
  // REQUIRES: as many cells as columns.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // One line per row under the titles, each ending in '\n', without trailing blanks.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name  value" lines, the names padded to one width.
std::string field_lines(const std::vector<std::pair<std::string, std::string>>& fields);

// Control characters (C0, DEL, C1) and bytes that are not UTF-8 become '?'.
std::string printable(std::string_view text);

// A member of an API object as a cell: text and numbers as they are, lists joined by ", ", true and
// false as yes and no; "-" for null, absent and empty.
std::string cell(const json::object& object, std::string_view member);
// An RFC 3339 time as "2026-11-21 10:15" (UTC), "-" for null or absent.
std::string time_cell(const json::object& object, std::string_view member);

}  // namespace tollgate::cli
