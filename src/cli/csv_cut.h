// Cuts a CSV stream after so many records, for `tollgate usage --csv --limit N`. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace tollgate::cli {

class CsvCut {
 public:
  // The header line is not counted.
  explicit CsvCut(std::int64_t records) : records_left_(records + 1) {}
  // The part of the next piece that is still wanted. Line ends inside quotes belong to their record
  // (RFC 4180 §2).
  std::string_view take(std::string_view piece);
  bool done() const { return records_left_ == 0; }

 private:
  std::int64_t records_left_;
  bool quoted_ = false;
};

}  // namespace tollgate::cli
