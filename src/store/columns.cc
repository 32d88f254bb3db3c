#include "store/columns.h"

#include "base/json.h"

namespace tollgate::store {

std::optional<std::int64_t> optional_micros(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return micros(*time);
}

std::optional<WallTime> optional_time(const std::optional<std::int64_t>& value) {
  if (!value) return std::nullopt;
  return wall_time(*value);
}

std::string list_text(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    append_json_string(text, value);
  }
  text += ']';
  return text;
}

Result<std::vector<std::string>> list_values(std::string_view text) {
  std::vector<std::string> values;
  if (text == "[]") return values;
  const Result<json::value> parsed = parse_json(text);
  if (!parsed || !parsed->is_array()) return unreadable("a list");
  for (const json::value& value : parsed->get_array()) {
    if (!value.is_string()) return unreadable("a list of texts");
    values.emplace_back(value.get_string());
  }
  return values;
}

std::unexpected<Error> not_found(std::string message) {
  return fail(ErrorCode::kNotFound, std::move(message));
}

std::unexpected<Error> unreadable(std::string_view what) {
  return fail(ErrorCode::kInternal, "The request could not be completed.",
              "the database holds what this binary cannot read: " + std::string(what));
}

Result<std::optional<std::int64_t>> single_integer(sql::Statement& statement) {
  const Result<bool> row = statement.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  const std::int64_t value = statement.integer(0);
  if (Status read = statement.status(); !read) return std::unexpected(read.error());
  // An INSERT checks its foreign keys only at its end.
  const Result<bool> more = statement.step();
  if (!more) return std::unexpected(more.error());
  if (*more) return unreadable("more rows than one");
  return value;
}

}  // namespace tollgate::store
