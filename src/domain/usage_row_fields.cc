#include "domain/usage_row_fields.h"

#include <vector>

#include "domain/csv_fields.h"
#include "domain/json_fields.h"

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
  fields.raw_or_null("route_decision", row.decision);
  return fields;
}

}  // namespace

std::string render_usage_row(const UsageRow& row) {
  return write_usage_row<JsonFields>(row).finish();
}

std::string usage_csv_header() { return write_usage_row<CsvFields>(UsageRow()).header(); }

std::string usage_csv_line(const UsageRow& row) { return write_usage_row<CsvFields>(row).line(); }

}  // namespace tollgate
