#include "cli/options.h"
#include "cli/users_commands.h"

namespace tollgate::cli {

void declare_users(CLI::App& app, Invocation& invocation) {
  CLI::App* users = app.add_subcommand("users", "Manage the people who sign in to the dashboard");
  users->require_subcommand(1);
  CLI::App& list = subcommand(*users, invocation, "list", "Show who there is, and what they may do",
                              "  tollgate users list\n", list_users);
  count_option(list, invocation);
  server_options(list, invocation);
  CLI::App& invite =
      subcommand(*users, invocation, "invite", "Make a link by which somebody joins a workspace",
                 "  tollgate users invite ada@example.com --role admin\n"
                 "  tollgate users invite bob@example.com --workspace shop\n\n"
                 "Nothing is sent: give them the link. It works once, for seven days.\n",
                 invite_user);
  invite.add_option("email", invocation.flags.user.user, "Their e-mail address")
      ->type_name("EMAIL")
      ->required();
  text_option(
      invite, "--role", invocation.flags.user.role,
      "viewer (the default) looks; member makes keys; admin manages the workspace; operator "
      "the installation")
      ->check(CLI::IsMember({"viewer", "member", "admin", "operator"}));
  connection_options(invite, invocation);
  CLI::App& reset = subcommand(
      *users, invocation, "reset", "Make a link by which somebody chooses a new password",
      "  tollgate users reset bob@example.com\n\n"
      "Nothing is sent: give them the link. It works once, for an hour; using it ends their other\n"
      "sessions.\n",
      reset_user);
  reset.add_option("user", invocation.flags.user.user, "Who, by address or by id")
      ->type_name("EMAIL|ID")
      ->required();
  server_options(reset, invocation);
  CLI::App& remove =
      subcommand(*users, invocation, "remove", "Remove somebody; their sessions end at once",
                 "  tollgate users remove bob@example.com\n", remove_user);
  remove.add_option("user", invocation.flags.user.user, "Who, by address or by id")
      ->type_name("EMAIL|ID")
      ->required();
  server_options(remove, invocation);
}

}  // namespace tollgate::cli
