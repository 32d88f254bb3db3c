// JsonFields: one JSON object, written member by member in the order of the calls. The answers of
// the admin API, and rows on the data plane, are made with it: texts of clients (user agents, model
// names) may hold invalid UTF-8, which json_string() repairs and a JSON library would pass on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/money.h"

namespace tollgate {

class JsonFields {
 public:
  JsonFields& text(std::string_view name, std::string_view value);
  // null when empty: an unset description, region …
  JsonFields& text_or_null(std::string_view name, std::string_view value);
  JsonFields& texts(std::string_view name, const std::vector<std::string>& values);
  JsonFields& number(std::string_view name, std::int64_t value);
  JsonFields& number_or_null(std::string_view name, std::optional<std::int64_t> value);
  JsonFields& time(std::string_view name, WallTime value);
  JsonFields& time_or_null(std::string_view name, std::optional<WallTime> value);
  // A decimal string of USD.
  JsonFields& money(std::string_view name, Money value);
  // `value` is JSON already.
  JsonFields& raw(std::string_view name, std::string_view value);
  JsonFields& raw_or_null(std::string_view name, std::string_view value);

  // The object. Nothing can be added afterwards.
  std::string finish();

 private:
  std::string out_ = "{";
};

// "[a,b]" of values that are JSON already.
std::string json_array(const std::vector<std::string>& values);

}  // namespace tollgate
