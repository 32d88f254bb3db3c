#include "admin/usage_fields.h"

#include "domain/csv_fields.h"
#include "domain/json_fields.h"

namespace tollgate {

namespace {

template <class Fields>
Fields write_usage_total(const store::UsageTotal& total, store::UsageGroup group) {
  Fields fields;
  switch (group) {
    case store::UsageGroup::kKey:
      fields.text("key", total.group);
      fields.text("key_name", total.key_name);
      break;
    case store::UsageGroup::kModel:
      fields.text("model", total.group);
      break;
    case store::UsageGroup::kDay:
      fields.text("day", total.group);
      break;
  }
  fields.number("requests", total.requests);
  fields.number("errors", total.errors);
  fields.number("input_tokens", total.input_tokens);
  fields.number("cached_input_tokens", total.cached_input_tokens);
  fields.number("output_tokens", total.output_tokens);
  fields.money("cost", total.cost);
  fields.money("charged", total.charged);
  return fields;
}

}  // namespace

std::string render_usage_total(const store::UsageTotal& total, store::UsageGroup group) {
  return write_usage_total<JsonFields>(total, group).finish();
}

std::string usage_total_csv_header(store::UsageGroup group) {
  return write_usage_total<CsvFields>(store::UsageTotal(), group).header();
}

std::string usage_total_csv_line(const store::UsageTotal& total, store::UsageGroup group) {
  return write_usage_total<CsvFields>(total, group).line();
}

}  // namespace tollgate
