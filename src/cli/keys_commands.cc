#include "cli/keys_commands.h"

#include <fmt/format.h>

#include <utility>

#include "cli/key_document.h"
#include "cli/limit_text.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kKeysPath = "/admin/v1/keys";

std::string path_of(const std::string& key_id) {
  return fmt::format("{}/{}", kKeysPath, percent_encode(key_id));
}

std::string text_of(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// "sk-tg-abcdefghijkl...wxyz"
std::string preview_of(const json::object& object) {
  return printable(text_of(object, "prefix") + text_of(object, "last4"));
}

std::string key_fields(const json::object& key) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string_view member : {"id", "name", "status", "description", "icon",
                                        "environment", "type", "role", "models", "region"}) {
    fields.emplace_back(member, cell(key, member));
  }
  fields.emplace_back("limits", limits_cell(key));
  fields.emplace_back("enforcement", cell(key, "enforcement"));
  fields.emplace_back("allowed_ips", cell(key, "allowed_ips"));
  fields.emplace_back("expires_at", time_cell(key, "expires_at"));
  for (const std::string_view member : {"enabled", "prefer_low_carbon", "tags", "workspace_id"}) {
    fields.emplace_back(member, cell(key, member));
  }
  fields.emplace_back("preview", preview_of(key));
  fields.emplace_back("created_at", time_cell(key, "created_at"));
  fields.emplace_back("created_by", cell(key, "created_by"));
  if (!text_of(key, "revoked_at").empty()) {
    fields.emplace_back("revoked_at", time_cell(key, "revoked_at"));
  }
  fields.emplace_back("last_used_at", time_cell(key, "last_used_at"));
  fields.emplace_back("request_count", cell(key, "request_count"));
  fields.emplace_back("error_count", cell(key, "error_count"));
  return field_lines(fields);
}

std::string secrets_table(const json::object& key) {
  Table table({{"SECRET"},
               {"FOR"},
               {"PREVIEW"},
               {"CREATED"},
               {"LAST USED"},
               {"RETIRES"},
               {"REQUESTS", Align::kRight},
               {"ERRORS", Align::kRight}});
  const json::value* secrets = key.if_contains("secrets");
  if (secrets == nullptr || !secrets->is_array()) return {};
  for (const json::value& entry : secrets->get_array()) {
    const json::object* secret = entry.if_object();
    if (secret == nullptr) continue;
    table.add({cell(*secret, "id"), cell(*secret, "purpose"), preview_of(*secret),
               time_cell(*secret, "created_at"), time_cell(*secret, "last_used_at"),
               time_cell(*secret, "retires_at"), cell(*secret, "request_count"),
               cell(*secret, "error_count")});
  }
  return table.empty() ? std::string() : "\n" + table.text();
}

// A model that the new key can call, so that the printed line works when pasted.
std::string callable_model(const json::object& key, const AdminSession& session) {
  if (text_of(key, "environment") == "sandbox") return "sandbox/echo";
  const json::value* models = key.if_contains("models");
  if (models != nullptr && models->is_array()) {
    for (const json::value& model : models->get_array()) {
      if (!model.is_string()) continue;
      const std::string_view id = model.get_string();
      if (id.find('*') == std::string_view::npos) return std::string(id);
    }
  }
  const auto page = session.get("/admin/v1/models", {{"limit", "1"}});
  const json::value* data = page ? page->if_contains("data") : nullptr;
  if (data != nullptr && data->is_array() && !data->get_array().empty()) {
    const json::object* model = data->get_array().front().if_object();
    const std::string id = model == nullptr ? std::string() : text_of(*model, "id");
    if (!id.empty() && !id.starts_with("sandbox/")) return id;
  }
  return "MODEL";
}

std::string snippet(const json::object& key, const AdminSession& session) {
  const std::string secret = text_of(key, "secret");
  if (text_of(key, "type") == "management") {
    return fmt::format("  TOLLGATE_ADMIN_KEY={} tollgate keys list --url {}\n", secret,
                       session.base_url());
  }
  return fmt::format(
      "  curl {}/v1/chat/completions \\\n"
      "    -H 'Authorization: Bearer {}' \\\n"
      "    -H 'Content-Type: application/json' \\\n"
      "    -d '{{\"model\": \"{}\", \"messages\": [{{\"role\": \"user\", \"content\": "
      "\"Hello\"}}]}}'\n",
      session.base_url(), secret, printable(callable_model(key, session)));
}

// A created or rotated key: the one time that its secret is shown.
void print_with_secret(const Invocation& invocation, const AdminSession& session,
                       const json::object& key, std::string_view what_happened) {
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(key);
    return;
  }
  invocation.terminal.out(fmt::format(
      "{} {} ({}), {}.\n\n  {}\n\n"
      "This is the only time the secret is shown: copy it now. If it gets lost, make a new one "
      "with\n`tollgate keys rotate {}`.\n\nTry it:\n\n{}",
      what_happened, cell(key, "name"), cell(key, "id"), cell(key, "environment"),
      text_of(key, "secret"), cell(key, "id"), snippet(key, session)));
}

void print_changed(const Invocation& invocation, const json::object& key,
                   std::string_view what_happened) {
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(key);
  } else {
    invocation.terminal.out(fmt::format("{} {} ({}); status: {}.\n", what_happened,
                                        cell(key, "name"), cell(key, "id"), cell(key, "status")));
  }
}

// Changes the key that the command line names, by PATCH.
Outcome<void> patch(const Invocation& invocation, const json::object& body,
                    std::string_view what_happened) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto id = session->key_id(invocation.flags.key);
  if (!id) return std::unexpected(id.error());
  const auto key = session->call("PATCH", path_of(*id), body);
  if (!key) return std::unexpected(key.error());
  print_changed(invocation, *key, what_happened);
  return {};
}

Result<std::int64_t> grace_seconds(const std::string& text) {
  if (text.empty() || text == "0") return 0;
  const auto duration = parse_duration(text);
  if (duration) return duration->count();
  return fail(ErrorCode::kInvalidRequest,
              "--grace: write a duration such as 90s, 15m, 1h or 7d, at most 30d");
}

}  // namespace

Outcome<void> create_key(const Invocation& invocation) {
  const auto body = create_document(invocation.flags.fields, invocation.terminal.clock.wall());
  if (!body) return misused(body.error().message + ".");
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto key = session->call("POST", kKeysPath, *body);
  if (!key) return std::unexpected(key.error());
  print_with_secret(invocation, *session, *key, "Created key");
  return {};
}

Outcome<void> list_keys(const Invocation& invocation) {
  const ListFlags& flags = invocation.flags.list;
  QueryParameters query;
  const auto add = [&query](std::string_view name, const std::optional<std::string>& value) {
    if (value) query.emplace_back(name, *value);
  };
  add("search", flags.search);
  add("status", flags.status);
  add("environment", flags.environment);
  add("type", flags.type);
  add("tag", flags.tag);
  add("sort", flags.sort);
  add("order", flags.order);
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto page = session->list(kKeysPath, query, invocation.list_limit());
  if (!page) return std::unexpected(page.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*page);
    return {};
  }
  Table table({{"NAME"},
               {"ID"},
               {"STATUS"},
               {"ENVIRONMENT"},
               {"TYPE"},
               {"PREVIEW"},
               {"REQUESTS", Align::kRight},
               {"ERRORS", Align::kRight},
               {"LAST USED"},
               {"CREATED"},
               {"LIMITS"}});
  for (const json::value& entry : page->at("data").get_array()) {
    const json::object* key = entry.if_object();
    if (key == nullptr) continue;
    table.add({cell(*key, "name"), cell(*key, "id"), cell(*key, "status"),
               cell(*key, "environment"), cell(*key, "type"), preview_of(*key),
               cell(*key, "request_count"), cell(*key, "error_count"),
               time_cell(*key, "last_used_at"), time_cell(*key, "created_at"), limits_cell(*key)});
  }
  invocation.print_table(table, *page,
                         "No keys. Make one with `tollgate keys create --name NAME`.");
  return {};
}

Outcome<void> get_key(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto id = session->key_id(invocation.flags.key);
  if (!id) return std::unexpected(id.error());
  const auto key = session->get(path_of(*id));
  if (!key) return std::unexpected(key.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*key);
  } else {
    invocation.terminal.out(key_fields(*key) + limits_table(*key) + secrets_table(*key));
  }
  return {};
}

Outcome<void> update_key(const Invocation& invocation) {
  const auto body = update_document(invocation.flags.fields, invocation.terminal.clock.wall());
  if (!body) return misused(body.error().message + ".");
  if (body->empty()) {
    return misused(
        "Say what to change, e.g. `tollgate keys update NAME --models 'openai/*'`. `tollgate keys "
        "update --help` shows all of it.");
  }
  return patch(invocation, *body, "Changed key");
}

Outcome<void> enable_key(const Invocation& invocation) {
  return patch(invocation, {{"enabled", true}}, "Enabled key");
}

Outcome<void> disable_key(const Invocation& invocation) {
  return patch(invocation, {{"enabled", false}}, "Disabled key");
}

Outcome<void> rotate_key(const Invocation& invocation) {
  const auto grace = grace_seconds(invocation.flags.grace);
  if (!grace) return misused(grace.error().message + ".");
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto id = session->key_id(invocation.flags.key);
  if (!id) return std::unexpected(id.error());
  const auto key =
      session->call("POST", path_of(*id) + "/rotate", json::object{{"grace_seconds", *grace}});
  if (!key) return std::unexpected(key.error());
  print_with_secret(invocation, *session, *key, "Rotated key");
  if (invocation.flags.output == Output::kTable) {
    invocation.terminal.out(*grace == 0 ? std::string("\nThe old secret no longer works.\n")
                                        : fmt::format("\nThe old secret works for another {}.\n",
                                                      invocation.flags.grace));
  }
  return {};
}

Outcome<void> revoke_key(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto id = session->key_id(invocation.flags.key);
  if (!id) return std::unexpected(id.error());
  QueryParameters query;
  if (invocation.flags.abort_inflight) query.emplace_back("abort_inflight", "true");
  const auto key = session->call("DELETE", path_of(*id), {}, query);
  if (!key) return std::unexpected(key.error());
  print_changed(invocation, *key, "Revoked key");
  return {};
}

}  // namespace tollgate::cli
