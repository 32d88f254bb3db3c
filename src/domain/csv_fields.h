// CsvFields: one line of CSV (RFC 4180), written by the same calls as JsonFields, so that what is
// shown as both has its names and their order once. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "domain/money.h"

namespace tollgate {

// Null is an empty field. A text that a spreadsheet would run as a formula (it begins with = + - @,
// tab or CR) is prefixed with '.
class CsvFields {
 public:
  CsvFields& text(std::string_view name, std::string_view value);
  CsvFields& text_or_null(std::string_view name, std::string_view value);
  CsvFields& number(std::string_view name, std::int64_t value);
  CsvFields& number_or_null(std::string_view name, std::optional<std::int64_t> value);
  CsvFields& time(std::string_view name, WallTime value);
  CsvFields& time_or_null(std::string_view name, const std::optional<WallTime>& value);
  CsvFields& money(std::string_view name, Money value);
  CsvFields& raw(std::string_view name, std::string_view value);
  CsvFields& raw_or_null(std::string_view name, std::string_view value);

  // The line of values, and the header line of their names; both end in CRLF.
  std::string line() const { return values_ + "\r\n"; }
  std::string header() const { return names_ + "\r\n"; }

 private:
  CsvFields& field(std::string_view name, std::string_view value);
  std::string names_;
  std::string values_;
};

}  // namespace tollgate
