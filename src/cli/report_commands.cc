#include "cli/report_commands.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "cli/csv_cut.h"
#include "cli/decision_text.h"
#include "cli/key_document.h"
#include "cli/list_table.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

std::vector<Field> usage_fields(const std::optional<std::string>& by) {
  if (!by) {
    return {{"ADMITTED", "admitted_at", Align::kLeft, time_cell},
            {"KEY", "key_name"},
            {"MODEL", "model"},
            {"PROVIDER", "provider"},
            {"STATUS", "status", Align::kRight},
            {"ERROR", "error_code"},
            {"INPUT", "input_tokens", Align::kRight},
            {"OUTPUT", "output_tokens", Align::kRight},
            {"CHARGED", "charged", Align::kRight},
            {"METERING", "metering"},
            {"MS", "latency_ms", Align::kRight},
            {"ID", "id"}};
  }
  std::vector<Field> fields;
  if (*by == "key") {
    fields = {{"KEY", "key_name"}, {"ID", "key"}};
  } else {
    fields = {{*by == "day" ? "DAY" : "MODEL", *by}};
  }
  for (Field& total : std::vector<Field>{{"REQUESTS", "requests", Align::kRight},
                                         {"ERRORS", "errors", Align::kRight},
                                         {"INPUT", "input_tokens", Align::kRight},
                                         {"CACHED", "cached_input_tokens", Align::kRight},
                                         {"OUTPUT", "output_tokens", Align::kRight},
                                         {"CHARGED", "charged", Align::kRight}}) {
    fields.push_back(std::move(total));
  }
  return fields;
}

// Between two times, each as people say it.
Outcome<void> add_times(QueryParameters& query, const std::optional<std::string>& from,
                        const std::optional<std::string>& to, WallTime now) {
  for (const auto& [name, value] : {std::pair("from", from), std::pair("to", to)}) {
    if (!value) continue;
    auto time = parse_since(*value, now);
    if (!time) return misused(fmt::format("--{}: {}.", name, time.error().message));
    query.emplace_back(name, std::move(*time));
  }
  return {};
}

Outcome<QueryParameters> usage_query(const UsageFlags& flags, WallTime now) {
  QueryParameters query;
  if (flags.by) query.emplace_back("group_by", *flags.by);
  if (flags.key) query.emplace_back("key", *flags.key);
  if (flags.model) query.emplace_back("model", *flags.model);
  if (flags.status) query.emplace_back("status", *flags.status);
  if (auto added = add_times(query, flags.from, flags.to, now); !added) {
    return std::unexpected(added.error());
  }
  return query;
}

constexpr std::string_view kUsagePath = "/admin/v1/usage";

std::string row_text(const json::object& row) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& member : row) {
    if (!member.value().is_array() && !member.value().is_object()) {
      fields.emplace_back(member.key(), cell(row, member.key()));
    }
  }
  std::string out = field_lines(fields);
  Table attempts({{"ATTEMPT AT"},
                  {"MODEL"},
                  {"STATUS", Align::kRight},
                  {"COST", Align::kRight},
                  {"MS", Align::kRight}});
  if (const json::value* tried = row.if_contains("attempts");
      tried != nullptr && tried->is_array()) {
    for (const json::value& entry : tried->get_array()) {
      const json::object* attempt = entry.if_object();
      if (attempt == nullptr) continue;
      attempts.add({cell(*attempt, "provider"), cell(*attempt, "model"), cell(*attempt, "status"),
                    cell(*attempt, "cost"), cell(*attempt, "ms")});
    }
  }
  if (!attempts.empty()) out += "\n" + attempts.text();
  const json::value* decision = row.if_contains("route_decision");
  if (decision == nullptr || !decision->is_object()) return out;
  return out + "\n" + decision_text(decision->get_object());
}

Outcome<void> show_row(const Invocation& invocation, const std::string& id) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto row = session->get(fmt::format("{}/{}", kUsagePath, percent_encode(id)));
  if (!row) return std::unexpected(row.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*row);
  } else {
    invocation.terminal.out(row_text(*row));
  }
  return {};
}

}  // namespace

Outcome<void> show_usage(const Invocation& invocation) {
  const UsageFlags& flags = invocation.flags.usage;
  if (flags.row) return show_row(invocation, *flags.row);
  auto query = usage_query(flags, invocation.terminal.clock.wall());
  if (!query) return std::unexpected(query.error());
  if (!flags.csv) {
    return list_of(invocation, kUsagePath, *query, usage_fields(flags.by),
                   "No usage yet. It appears here as soon as a key has been used.");
  }
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  query->emplace_back("format", "csv");
  const std::optional<std::int64_t> limit = invocation.flags.list.limit;
  if (limit && *limit <= kPageLimit) query->emplace_back("limit", std::to_string(*limit));
  CsvCut cut(limit.value_or(std::numeric_limits<std::int64_t>::max() - 1));
  return session->csv(kUsagePath, *query, [&](std::string_view piece) {
    invocation.terminal.out(cut.take(piece));
    return cut.done() ? AdminClient::Flow::kEnough : AdminClient::Flow::kMore;
  });
}

Outcome<void> list_audit(const Invocation& invocation) {
  const AuditFlags& flags = invocation.flags.audit;
  QueryParameters query;
  if (flags.action) query.emplace_back("action", *flags.action);
  if (flags.actor) query.emplace_back("actor", *flags.actor);
  if (flags.object) query.emplace_back("object", *flags.object);
  const WallTime now = invocation.terminal.clock.wall();
  if (auto added = add_times(query, flags.from, flags.to, now); !added) {
    return std::unexpected(added.error());
  }
  return list_of(invocation, "/admin/v1/audit", query,
                 {{"ROW", "id", Align::kRight},
                  {"AT", "at", Align::kLeft, time_cell},
                  {"WHO", "actor_name"},
                  {"ACTOR", "actor"},
                  {"ACTION", "action"},
                  {"OBJECT", "object"},
                  {"FROM", "from"}},
                 "No changes yet.");
}

Outcome<void> verify_audit(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto verdict = session->get("/admin/v1/audit/verify");
  if (!verdict) return std::unexpected(verdict.error());
  const json::value* valid = verdict->if_contains("valid");
  const bool sound = valid != nullptr && valid->is_bool() && valid->get_bool();
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*verdict);
  } else if (sound) {
    invocation.terminal.out(
        fmt::format("The audit log is sound: {} rows.\n", cell(*verdict, "rows")));
  }
  if (sound) return {};
  return failed(
      {.code = ErrorCode::kConflict,
       .message = fmt::format("The audit log was edited: row {} is wrong ({}). Rows up to "
                              "it: {}.",
                              cell(*verdict, "first_bad"), cell(*verdict, "problem"),
                              cell(*verdict, "rows"))});
}

}  // namespace tollgate::cli
