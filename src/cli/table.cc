#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kMinuteLength = 16;  // "2026-11-21T10:15"

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Code points, which is close enough to columns for names.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

// How many bytes the UTF-8 sequence at the start of `text` has; 0 = it is none.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  return std::ranges::all_of(text.substr(1, length - 1), continues) ? length : 0;
}

void append_padded(std::string& out, const std::string& text, std::size_t to, Align align) {
  const std::string padding(to - width(text), ' ');
  out += align == Align::kRight ? padding + text : text + padding;
}

std::string value_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return printable(value.get_string());
    case json::kind::int64:
      return std::to_string(value.get_int64());
    case json::kind::uint64:
      return std::to_string(value.get_uint64());
    case json::kind::double_:
      return fmt::format("{}", value.get_double());
    case json::kind::bool_:
      return value.get_bool() ? "yes" : "no";
    case json::kind::array: {
      std::string out;
      for (const json::value& element : value.get_array()) {
        if (!out.empty()) out += ", ";
        out += value_text(element);
      }
      return out;
    }
    case json::kind::null:
      return "";
    default:
      return printable(json::serialize(value));
  }
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  check(cells.size() == columns_.size(), "a row has as many cells as the table has columns");
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_) widths.push_back(width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  const auto end_line = [&out] {
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) out += kGap;
    append_padded(out, columns_[i].title, widths[i], columns_[i].align);
  }
  end_line();
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += kGap;
      append_padded(out, row[i], widths[i], columns_[i].align);
    }
    end_line();
  }
  return out;
}

std::string field_lines(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t widest = 0;
  for (const auto& [name, value] : fields) widest = std::max(widest, width(name));
  std::string out;
  for (const auto& [name, value] : fields) {
    append_padded(out, name, widest, Align::kLeft);
    out += fmt::format("{}{}\n", kGap, value);
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool control =
        (length == 1 && (first < 0x20 || first == 0x7F)) ||
        (length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0);
    if (length == 0 || control) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string cell(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  std::string text = value == nullptr ? "" : value_text(*value);
  return text.empty() ? "-" : text;
}

std::string time_cell(const json::object& object, std::string_view member) {
  std::string text = cell(object, member);
  if (text.size() < kMinuteLength || text[10] != 'T') return text;
  text.resize(kMinuteLength);
  text[10] = ' ';
  return text;
}

}  // namespace tollgate::cli
