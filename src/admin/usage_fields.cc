#include "admin/usage_fields.h"

#include <vector>

#include "admin/json_fields.h"

namespace tollgate {

namespace {

std::string render_attempts(const std::vector<Attempt>& attempts) {
  std::vector<std::string> rendered;
  rendered.reserve(attempts.size());
  for (const auto& attempt : attempts) {
    rendered.push_back(JsonFields()
                           .text("provider", attempt.provider)
                           .text("model", attempt.model)
                           .number("status", attempt.status)
                           .money("cost", attempt.cost)
                           .number("ms", attempt.ms)
                           .finish());
  }
  return json_array(rendered);
}

// The names of SPEC §8, in the order of schema UsageRow.
template <class Fields>
Fields write_usage_row(const UsageRow& row) {
  Fields fields;
  fields.text("id", generation_id(row.id));
  fields.text("request_id", row.request_id);
  fields.time("admitted_at", row.admitted_at);
  fields.time("finished_at", row.finished_at);
  fields.time_or_null("test_time", row.test_time);
  fields.text("key", row.key.get());
  fields.text("key_name", row.key_name);
  fields.text("secret", row.secret.get());
  fields.text("workspace_id", row.workspace.get());
  fields.text("environment", environment_name(row.environment));
  fields.text("requested_model", row.requested_model);
  fields.text_or_null("model", row.model);
  fields.text_or_null("provider", row.provider);
  fields.text_or_null("region", row.region);
  fields.number("input_tokens", row.tokens.input);
  fields.number("cached_input_tokens", row.tokens.cached_input);
  fields.number("output_tokens", row.tokens.output);
  fields.text("metering", metering_name(row.metering));
  fields.text("flags", row.flags);
  fields.text_or_null("price_version", row.price_version);
  fields.money("cost", row.cost);
  fields.money("charged", row.charged);
  fields.number("status", row.status);
  fields.text_or_null("error_code", row.error_code);
  fields.number("latency_ms", row.latency_ms);
  fields.number_or_null("time_to_first_token_ms", row.first_token_ms);
  fields.raw("streamed", row.streamed ? "true" : "false");
  fields.text_or_null("client", row.client);
  fields.text_or_null("ip", row.ip);
  fields.raw("attempts", render_attempts(row.attempts));
  return fields;
}

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

std::string render_usage_row(const UsageRow& row) {
  return write_usage_row<JsonFields>(row).finish();
}

std::string render_usage_total(const store::UsageTotal& total, store::UsageGroup group) {
  return write_usage_total<JsonFields>(total, group).finish();
}

std::string usage_csv_header() { return write_usage_row<CsvFields>(UsageRow()).header(); }

std::string usage_csv_line(const UsageRow& row) { return write_usage_row<CsvFields>(row).line(); }

std::string usage_total_csv_header(store::UsageGroup group) {
  return write_usage_total<CsvFields>(store::UsageTotal(), group).header();
}

std::string usage_total_csv_line(const store::UsageTotal& total, store::UsageGroup group) {
  return write_usage_total<CsvFields>(total, group).line();
}

}  // namespace tollgate
