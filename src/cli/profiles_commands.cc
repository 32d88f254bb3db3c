#include "cli/profiles_commands.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/catalogue_document.h"
#include "cli/list_table.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kProfilesPath = "/admin/v1/profiles";

// A member of the profile's key.
std::string key_cell(const json::object& profile, std::string_view member) {
  const json::value* key = profile.if_contains("key");
  return key == nullptr || !key->is_object() ? "-" : cell(key->get_object(), member);
}

std::string profile_lines(const json::object& profile) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const std::string_view member :
       {"id", "name", "description", "workspace_id", "strategy", "tier_floor", "tier_ceiling",
        "cost_cap", "min_tool_calling", "region", "models", "honor_model"}) {
    lines.emplace_back(member, cell(profile, member));
  }
  const json::value* caps = profile.if_contains("capabilities");
  if (caps != nullptr && caps->is_object()) {
    for (const auto& member : caps->get_object()) {
      lines.emplace_back("allows " + std::string(member.key()),
                         cell(caps->get_object(), member.key()));
    }
  }
  for (const std::string_view member : {"id", "prefix", "last4", "status"}) {
    lines.emplace_back("key." + std::string(member), key_cell(profile, member));
  }
  return field_lines(lines);
}

// The server, and the path of the profile that the command line names.
struct Target {
  AdminSession session;
  std::string path;
};

Outcome<Target> open_target(const Invocation& invocation) {
  auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  auto id = session->profile_id(invocation.flags.profile.profile);
  if (!id) return std::unexpected(id.error());
  return Target{.session = std::move(*session),
                .path = fmt::format("{}/{}", kProfilesPath, percent_encode(*id))};
}

}  // namespace

Outcome<void> list_profiles(const Invocation& invocation) {
  return list_of(invocation, kProfilesPath, {},
                 {{"NAME", "name"},
                  {"ID", "id"},
                  {"STRATEGY", "strategy"},
                  {"FLOOR", "tier_floor"},
                  {"CEILING", "tier_ceiling"},
                  {"COST CAP", "cost_cap", Align::kRight},
                  {"REGION", "region"},
                  {"KEY", "prefix", Align::kLeft, key_cell},
                  {"KEY STATUS", "status", Align::kLeft, key_cell}},
                 "No profiles. Make one with `tollgate profiles create --name NAME`.");
}

Outcome<void> get_profile(const Invocation& invocation) {
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto profile = target->session.get(target->path);
  if (!profile) return std::unexpected(profile.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*profile);
  } else {
    invocation.terminal.out(profile_lines(*profile));
  }
  return {};
}

Outcome<void> create_profile(const Invocation& invocation) {
  const auto body = profile_document(invocation.flags.profile);
  if (!body) return misused(body.error().message + ".");
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto profile = session->call("POST", kProfilesPath, *body);
  if (!profile) return std::unexpected(profile.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*profile);
    return {};
  }
  invocation.terminal.out(
      fmt::format("Created profile {} ({}).\n\n"
                  "The secret of its key, shown this once: {}\n\n"
                  "Requests with it are routed by the profile: their `model` is ignored{}.\n",
                  cell(*profile, "name"), cell(*profile, "id"), key_cell(*profile, "secret"),
                  cell(*profile, "honor_model") == "yes" ? " only where it names none" : ""));
  return {};
}

Outcome<void> update_profile(const Invocation& invocation) {
  const auto body = profile_document(invocation.flags.profile);
  if (!body) return misused(body.error().message + ".");
  if (body->empty()) {
    return misused(
        "Say what to change, e.g. `tollgate profiles update NAME --cost-cap 0.05`. "
        "`tollgate profiles update --help` shows all of it.");
  }
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto profile = target->session.call("PATCH", target->path, *body);
  if (!profile) return std::unexpected(profile.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*profile);
  } else {
    invocation.terminal.out(fmt::format("Changed profile {} ({}): from the next request on.\n",
                                        cell(*profile, "name"), cell(*profile, "id")));
  }
  return {};
}

Outcome<void> delete_profile(const Invocation& invocation) {
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto deleted = target->session.call("DELETE", target->path, std::nullopt);
  if (!deleted) return std::unexpected(deleted.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*deleted);
  } else {
    invocation.terminal.out("Deleted the profile and revoked its key.\n");
  }
  return {};
}

}  // namespace tollgate::cli
