#include "cli/workspaces_commands.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/limit_text.h"
#include "cli/table.h"
#include "cli/workspace_document.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kWorkspacesPath = "/admin/v1/workspaces";

std::string path_of(const std::string& id, std::string_view rest = "") {
  return fmt::format("{}/{}{}", kWorkspacesPath, percent_encode(id), rest);
}

// A member of the workspace's balance.
std::string balance_cell(const json::object& workspace, std::string_view member) {
  const json::value* balance = workspace.if_contains("balance");
  return balance == nullptr || !balance->is_object() ? "-" : cell(balance->get_object(), member);
}

// "12.5 USD (1250 credits)", or "unlimited".
std::string available_text(const json::object& workspace) {
  const std::string available = balance_cell(workspace, "available");
  if (available == "-") return balance_cell(workspace, "mode");
  return fmt::format("{} USD ({} credits)", available, balance_cell(workspace, "credits"));
}

std::string workspace_fields(const json::object& workspace) {
  std::vector<std::pair<std::string, std::string>> fields{
      {"id", cell(workspace, "id")},
      {"name", cell(workspace, "name")},
      {"created_at", time_cell(workspace, "created_at")},
      {"limits", limits_cell(workspace)},
      {"balance", balance_cell(workspace, "mode")}};
  for (const std::string_view member : {"granted", "charged", "held"}) {
    fields.emplace_back(member, balance_cell(workspace, member) + " USD");
  }
  fields.emplace_back("available", available_text(workspace));
  fields.emplace_back("test_time", time_cell(workspace, "test_time"));
  return field_lines(fields);
}

void print_changed(const Invocation& invocation, const json::object& workspace,
                   std::string_view what_happened, std::string_view hint = "") {
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(workspace);
  } else {
    invocation.terminal.out(fmt::format("{} {} ({}); balance: {}.\n{}", what_happened,
                                        cell(workspace, "name"), cell(workspace, "id"),
                                        available_text(workspace), hint));
  }
}

// The server, and the id of the workspace that the command line names.
struct Target {
  AdminSession session;
  std::string id;
};

Outcome<Target> open_target(const Invocation& invocation) {
  auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  auto id = session->workspace_id(invocation.flags.workspace.workspace);
  if (!id) return std::unexpected(id.error());
  return Target{.session = std::move(*session), .id = std::move(*id)};
}

}  // namespace

Outcome<void> list_workspaces(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto page = session->list(kWorkspacesPath, {}, invocation.list_limit());
  if (!page) return std::unexpected(page.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*page);
    return {};
  }
  Table table({{"NAME"},
               {"ID"},
               {"BALANCE"},
               {"AVAILABLE USD", Align::kRight},
               {"GRANTED USD", Align::kRight},
               {"CHARGED USD", Align::kRight},
               {"CREATED"},
               {"LIMITS"}});
  for (const json::value& entry : page->at("data").get_array()) {
    const json::object* workspace = entry.if_object();
    if (workspace == nullptr) continue;
    table.add({cell(*workspace, "name"), cell(*workspace, "id"), balance_cell(*workspace, "mode"),
               balance_cell(*workspace, "available"), balance_cell(*workspace, "granted"),
               balance_cell(*workspace, "charged"), time_cell(*workspace, "created_at"),
               limits_cell(*workspace)});
  }
  invocation.print_table(table, *page, "No workspaces that you may see.");
  return {};
}

Outcome<void> create_workspace(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto workspace = session->call(
      "POST", kWorkspacesPath, json::object{{"name", invocation.flags.workspace.workspace}});
  if (!workspace) return std::unexpected(workspace.error());
  print_changed(invocation, *workspace, "Created workspace",
                fmt::format("Make a key in it: tollgate keys create --workspace {} --name NAME\n",
                            cell(*workspace, "id")));
  return {};
}

Outcome<void> get_workspace(const Invocation& invocation) {
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto workspace = target->session.get(path_of(target->id));
  if (!workspace) return std::unexpected(workspace.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*workspace);
  } else {
    invocation.terminal.out(workspace_fields(*workspace) + workspace_limits_table(*workspace));
  }
  return {};
}

Outcome<void> update_workspace(const Invocation& invocation) {
  const auto body = workspace_update_document(invocation.flags.workspace);
  if (!body) return misused(body.error().message + ".");
  if (body->empty()) {
    return misused(
        "Say what to change, e.g. `tollgate workspaces update NAME --balance prepaid`. `tollgate "
        "workspaces update --help` shows all of it.");
  }
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto workspace = target->session.call("PATCH", path_of(target->id), *body);
  if (!workspace) return std::unexpected(workspace.error());
  print_changed(invocation, *workspace, "Changed workspace");
  return {};
}

Outcome<void> grant_to_workspace(const Invocation& invocation) {
  const auto body = grant_document(invocation.flags.workspace);
  if (!body) return misused(body.error().message + ".");
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto grant = target->session.call("POST", path_of(target->id, "/grants"), *body);
  if (!grant) return std::unexpected(grant.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*grant);
    return {};
  }
  const auto workspace = target->session.get(path_of(target->id));
  if (!workspace) return std::unexpected(workspace.error());
  print_changed(
      invocation, *workspace,
      fmt::format("Booked {} USD ({}) to workspace", cell(*grant, "amount"), cell(*grant, "id")));
  return {};
}

Outcome<void> list_grants(const Invocation& invocation) {
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto page =
      target->session.list(path_of(target->id, "/grants"), {}, invocation.list_limit());
  if (!page) return std::unexpected(page.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*page);
    return {};
  }
  Table table({{"AT"},
               {"AMOUNT USD", Align::kRight},
               {"CREDITS", Align::kRight},
               {"BY"},
               {"ID"},
               {"NOTE"}});
  for (const json::value& entry : page->at("data").get_array()) {
    const json::object* grant = entry.if_object();
    if (grant == nullptr) continue;
    table.add({time_cell(*grant, "at"), cell(*grant, "amount"), cell(*grant, "credits"),
               cell(*grant, "actor"), cell(*grant, "id"), cell(*grant, "note")});
  }
  invocation.print_table(table, *page,
                         "No grants. Make one with `tollgate workspaces grant NAME AMOUNT`.");
  return {};
}

Outcome<void> advance_clock(const Invocation& invocation) {
  const auto body = test_clock_document(invocation.flags.workspace);
  if (!body) return misused(body.error().message + ".");
  const auto target = open_target(invocation);
  if (!target) return std::unexpected(target.error());
  const auto workspace = target->session.call("POST", path_of(target->id, "/test-clock"), *body);
  if (!workspace) return std::unexpected(workspace.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*workspace);
  } else {
    invocation.terminal.out(fmt::format("The test clock of {} ({}) stands at {} UTC.\n",
                                        cell(*workspace, "name"), cell(*workspace, "id"),
                                        time_cell(*workspace, "test_time")));
  }
  return {};
}

}  // namespace tollgate::cli
