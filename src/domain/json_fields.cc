#include "domain/json_fields.h"

#include <utility>

#include "base/json.h"

namespace tollgate {

JsonFields& JsonFields::text(std::string_view name, std::string_view value) {
  return raw(name, json_string(value));
}

JsonFields& JsonFields::text_or_null(std::string_view name, std::string_view value) {
  return value.empty() ? raw(name, "null") : text(name, value);
}

JsonFields& JsonFields::texts(std::string_view name, const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  quoted.reserve(values.size());
  for (const auto& value : values) quoted.push_back(json_string(value));
  return raw(name, json_array(quoted));
}

JsonFields& JsonFields::number(std::string_view name, std::int64_t value) {
  return raw(name, std::to_string(value));
}

JsonFields& JsonFields::number_or_null(std::string_view name, std::optional<std::int64_t> value) {
  return value ? number(name, *value) : raw(name, "null");
}

JsonFields& JsonFields::time(std::string_view name, WallTime value) {
  return text(name, format_time(value));
}

JsonFields& JsonFields::time_or_null(std::string_view name, std::optional<WallTime> value) {
  return value ? time(name, *value) : raw(name, "null");
}

JsonFields& JsonFields::money(std::string_view name, Money value) {
  return text(name, format_money(value));
}

JsonFields& JsonFields::raw(std::string_view name, std::string_view value) {
  if (out_.size() > 1) out_ += ',';
  append_json_string(out_, name);
  out_ += ':';
  out_ += value;
  return *this;
}

JsonFields& JsonFields::raw_or_null(std::string_view name, std::string_view value) {
  return raw(name, value.empty() ? "null" : value);
}

std::string JsonFields::finish() {
  out_ += '}';
  return std::move(out_);
}

std::string json_array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + "]";
}

}  // namespace tollgate
