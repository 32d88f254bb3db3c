#include "domain/csv_fields.h"

namespace tollgate {

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
  std::string safe(value);
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
