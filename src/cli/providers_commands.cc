#include "cli/providers_commands.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/catalogue_document.h"
#include "cli/list_table.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kProvidersPath = "/admin/v1/providers";

std::string path_of(const Invocation& invocation, std::string_view rest = "") {
  return fmt::format("{}/{}{}", kProvidersPath, percent_encode(invocation.flags.provider.id), rest);
}

std::string health_cell(const json::object& object, std::string_view member) {
  const json::value* health = object.if_contains("health");
  return health == nullptr || !health->is_object() ? "-" : cell(health->get_object(), member);
}

std::string success_cell(const json::object& object, std::string_view) {
  return health_cell(object, "success_rate");
}

std::vector<Field> provider_fields(const json::object& page) {
  std::vector<Field> fields = {
      {"PROVIDER", "id"},   {"DIALECT", "dialect"},
      {"REGION", "region"}, {"MODELS", "models", Align::kRight, count_cell},
      {"SOURCE", "source"}, {"BASE URL", "base_url"}};
  // A server of an earlier version says nothing of it.
  const json::array& data = page.at("data").get_array();
  const bool healthy =
      !data.empty() && data.front().is_object() && data.front().get_object().contains("health");
  if (!healthy) return fields;
  fields.push_back({"HEALTH", "state", Align::kLeft, health_cell});
  fields.push_back({"SUCCESS", "success_rate", Align::kRight, success_cell});
  return fields;
}

std::string provider_lines(const json::object& provider) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const std::string_view member :
       {"id", "preset", "dialect", "base_url", "api_version", "responses", "region", "api_key_set",
        "header_names", "connections_max", "allow_private", "source", "models_of_preset",
        "models"}) {
    lines.emplace_back(member, cell(provider, member));
  }
  for (const std::string_view member : {"state", "success_rate", "slowest_median_latency_ms"}) {
    lines.emplace_back("health." + std::string(member), health_cell(provider, member));
  }
  return field_lines(lines);
}

void print_offers(const Invocation& invocation, const json::object& provider) {
  const json::value* offers = provider.if_contains("offers");
  if (offers == nullptr || !offers->is_array() || offers->get_array().empty()) return;
  const json::object page{{"data", *offers}, {"next_cursor", nullptr}};
  invocation.terminal.out("\n");
  print_list(invocation, page,
             {{"MODEL", "model"},
              {"SOURCE", "source"},
              {"HEALTH", "state", Align::kLeft, health_cell},
              {"SUCCESS", "success_rate", Align::kRight, health_cell},
              {"MEDIAN MS", "median_latency_ms", Align::kRight, health_cell},
              {"IN A ROW", "failures_in_a_row", Align::kRight, health_cell}},
             "");
}

void print_changed(const Invocation& invocation, const json::object& provider,
                   std::string_view what_happened) {
  if (invocation.flags.output == Output::kJson) return invocation.print_json(provider);
  const std::string id = cell(provider, "id");
  invocation.terminal.out(fmt::format("{} {}: {}, {} models.\nTry it: tollgate providers test {}\n",
                                      what_happened, id, cell(provider, "base_url"),
                                      count_cell(provider, "models"), id));
}

Outcome<json::object> send(const Invocation& invocation, std::string_view method,
                           const std::string& path, const std::optional<json::object>& body) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  return session->call(method, path, body);
}

}  // namespace

Outcome<void> list_providers(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto page = session->list(kProvidersPath, {}, invocation.list_limit());
  if (!page) return std::unexpected(page.error());
  print_list(invocation, *page, provider_fields(*page),
             "No providers. Add one with `tollgate providers add`, or to tollgate.yaml.");
  return {};
}

Outcome<void> get_provider(const Invocation& invocation) {
  const auto provider = send(invocation, "GET", path_of(invocation), std::nullopt);
  if (!provider) return std::unexpected(provider.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*provider);
    return {};
  }
  invocation.terminal.out(provider_lines(*provider));
  print_offers(invocation, *provider);
  return {};
}

Outcome<void> add_provider(const Invocation& invocation) {
  auto body = provider_document(invocation.flags.provider, invocation.terminal);
  if (!body) return misused(body.error().message + ".");
  (*body)["id"] = invocation.flags.provider.id;
  const auto provider = send(invocation, "POST", std::string(kProvidersPath), *body);
  if (!provider) return std::unexpected(provider.error());
  print_changed(invocation, *provider, "Added provider");
  return {};
}

Outcome<void> update_provider(const Invocation& invocation) {
  const auto body = provider_document(invocation.flags.provider, invocation.terminal);
  if (!body) return misused(body.error().message + ".");
  if (body->empty()) {
    return misused(
        "Say what to change, e.g. `tollgate providers update ID --base-url https://…`. `tollgate "
        "providers update --help` shows all of it.");
  }
  const auto provider = send(invocation, "PATCH", path_of(invocation), *body);
  if (!provider) return std::unexpected(provider.error());
  print_changed(invocation, *provider, "Changed provider");
  return {};
}

Outcome<void> remove_provider(const Invocation& invocation) {
  const auto removed = send(invocation, "DELETE", path_of(invocation), std::nullopt);
  if (!removed) return std::unexpected(removed.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*removed);
  } else {
    invocation.terminal.out(
        fmt::format("Removed provider {}, with its credential and its offers.\n",
                    printable(invocation.flags.provider.id)));
  }
  return {};
}

Outcome<void> test_provider(const Invocation& invocation) {
  json::object body;
  if (invocation.flags.provider.model) body["model"] = *invocation.flags.provider.model;
  const auto verdict = send(invocation, "POST", path_of(invocation, "/test"), body);
  if (!verdict) return std::unexpected(verdict.error());
  const json::value* ok = verdict->if_contains("ok");
  const bool sound = ok != nullptr && ok->is_bool() && ok->get_bool();
  const std::string text =
      fmt::format("{}: {}", cell(*verdict, "verdict"), cell(*verdict, "message"));
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*verdict);
  } else if (sound) {
    invocation.terminal.out(text + "\n");
  }
  if (sound) return {};
  return failed({.code = ErrorCode::kProviderError, .message = text});
}

}  // namespace tollgate::cli
