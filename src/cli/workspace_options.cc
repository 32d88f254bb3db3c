#include "cli/options.h"
#include "cli/workspaces_commands.h"

namespace tollgate::cli {
namespace {

void workspace_argument(CLI::App& command, Invocation& invocation) {
  command
      .add_option("workspace", invocation.flags.workspace.workspace,
                  "The workspace, by id or by name")
      ->type_name("ID|NAME")
      ->required();
}

void declare_update(CLI::App& workspaces, Invocation& invocation) {
  WorkspaceFlags& flags = invocation.flags.workspace;
  CLI::App& command = subcommand(
      workspaces, invocation, "update", "Change a workspace: its name, balance or limits",
      "  tollgate workspaces update shop --balance prepaid\n"
      "  tollgate workspaces update shop --monthly 500 --rpm 600\n"
      "  tollgate workspaces update shop --no-limits --name market\n\n"
      "A prepaid workspace spends what was granted and no more; everything it was charged counts,\n"
      "also what it was charged while its balance was unlimited. Limits hold for all keys of the\n"
      "workspace together; any limit given replaces all the limits that it has.\n",
      update_workspace);
  workspace_argument(command, invocation);
  text_option(command, "--name", flags.name, "A new name")->type_name("NAME");
  text_option(command, "--balance", flags.balance, "prepaid spends grants only; or unlimited")
      ->check(CLI::IsMember({"prepaid", "unlimited"}));
  limit_options(command, flags.limits);
  command.add_flag("--no-limits", flags.no_limits, "Remove all its limits")->group("Limits");
  server_options(command, invocation);
}

void declare_grant(CLI::App& workspaces, Invocation& invocation) {
  WorkspaceFlags& flags = invocation.flags.workspace;
  CLI::App& command =
      subcommand(workspaces, invocation, "grant", "Add money to a balance, or deduct some",
                 "  tollgate workspaces grant shop 25                     25 USD\n"
                 "  tollgate workspaces grant shop 500cr --note 'June'    500 credits\n"
                 "  tollgate workspaces grant shop --deduct 5             takes 5 USD back\n\n"
                 "Each is a row that stays: a mistake is put right by another one. A prepaid\n"
                 "balance gives no more than it has.\n",
                 grant_to_workspace);
  workspace_argument(command, invocation);
  text_option(command, "amount", flags.amount, "USD, or credits such as 500cr; -5 deducts")
      ->type_name("AMOUNT");
  text_option(command, "--deduct", flags.deduct, "Take this amount away instead")
      ->type_name("AMOUNT");
  text_option(command, "--note", flags.note, "What it is for")->type_name("TEXT");
  server_options(command, invocation);
}

void declare_clock(CLI::App& workspaces, Invocation& invocation) {
  WorkspaceFlags& flags = invocation.flags.workspace;
  CLI::App& command = subcommand(
      workspaces, invocation, "advance-clock", "Move the test clock of its sandbox keys forward",
      "  tollgate workspaces advance-clock shop 1h\n"
      "  tollgate workspaces advance-clock shop --to 2027-01-01\n\n"
      "Sandbox keys live by this clock: their limits turn and they expire by it. Production keys\n"
      "do not. It never goes back.\n",
      advance_clock);
  workspace_argument(command, invocation);
  text_option(command, "duration", flags.advance, "How far, e.g. 90s, 15m, 1h or 30d")
      ->type_name("DURATION");
  text_option(command, "--to", flags.to, "The time that it shall be, or a date")->type_name("TIME");
  server_options(command, invocation);
}

}  // namespace

void declare_workspaces(CLI::App& app, Invocation& invocation) {
  CLI::App* workspaces =
      app.add_subcommand("workspaces", "Manage tenants: their limits, balances and test clocks");
  workspaces->require_subcommand(1);
  CLI::App& list = subcommand(*workspaces, invocation, "list", "Show the workspaces, by name",
                              "  tollgate workspaces list\n"
                              "  tollgate workspaces list --json\n",
                              list_workspaces);
  count_option(list, invocation);
  server_options(list, invocation);
  CLI::App& create = subcommand(*workspaces, invocation, "create", "Make a workspace",
                                "  tollgate workspaces create shop\n\n"
                                "Its balance is unlimited and it has no limits, until `workspaces "
                                "update` says otherwise.\n",
                                create_workspace);
  create
      .add_option("name", invocation.flags.workspace.workspace,
                  "What to call it; unique, and not beginning with ws_")
      ->type_name("NAME")
      ->required();
  server_options(create, invocation);
  CLI::App& get = subcommand(*workspaces, invocation, "get", "Show one workspace and its balance",
                             "  tollgate workspaces get shop\n", get_workspace);
  workspace_argument(get, invocation);
  server_options(get, invocation);
  declare_update(*workspaces, invocation);
  declare_grant(*workspaces, invocation);
  CLI::App& grants = subcommand(*workspaces, invocation, "grants",
                                "Show what was granted and deducted, newest first",
                                "  tollgate workspaces grants shop\n", list_grants);
  workspace_argument(grants, invocation);
  count_option(grants, invocation);
  server_options(grants, invocation);
  declare_clock(*workspaces, invocation);
}

}  // namespace tollgate::cli
