#include "domain/csv_fields.h"

#include "base/utf8.h"

namespace tollgate {

namespace {

// As in JSON, what is not UTF-8 (a client's own name may be anything) becomes U+FFFD: one wrong
// byte would make the whole file unreadable.
std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    out += step.character ? text.substr(at, step.size) : "\xEF\xBF\xBD";
    at += step.size;
  }
  return out;
}

}  // namespace

CsvFields& CsvFields::field(std::string_view name, std::string_view value) {
  if (!names_.empty()) {
    names_ += ',';
    values_ += ',';
  }
  names_ += name;
  values_ += value;
  return *this;
}

CsvFields& CsvFields::text(std::string_view name, std::string_view value) {
  std::string safe = as_utf8(value);
  if (safe.find_first_of("=+-@\t\r") == 0) safe.insert(0, 1, '\'');
  if (safe.find_first_of("\",\r\n") == std::string::npos) return field(name, safe);
  std::string quoted = "\"";
  for (const char c : safe) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return field(name, quoted + '"');
}

CsvFields& CsvFields::text_or_null(std::string_view name, std::string_view value) {
  return text(name, value);
}

CsvFields& CsvFields::number(std::string_view name, std::int64_t value) {
  return field(name, std::to_string(value));
}

CsvFields& CsvFields::number_or_null(std::string_view name, std::optional<std::int64_t> value) {
  return field(name, value ? std::to_string(*value) : "");
}

CsvFields& CsvFields::time(std::string_view name, WallTime value) {
  return field(name, format_time(value));
}
CsvFields& CsvFields::time_or_null(std::string_view name, const std::optional<WallTime>& value) {
  return value ? time(name, *value) : text(name, "");
}

CsvFields& CsvFields::money(std::string_view name, Money value) {
  return field(name, format_money(value));
}

CsvFields& CsvFields::raw(std::string_view name, std::string_view value) {
  return text(name, value);
}

CsvFields& CsvFields::raw_or_null(std::string_view name, std::string_view value) {
  return text(name, value);
}

}  // namespace tollgate
