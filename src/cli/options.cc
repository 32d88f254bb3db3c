#include "cli/options.h"

#include <utility>

#include "cli/explain_command.h"
#include "cli/local_commands.h"
#include "cli/report_commands.h"
#include "cli/version.h"

namespace tollgate::cli {
namespace {

constexpr std::int64_t kListLimitMax = 1'000'000'000;

void serve_options(CLI::App& command, Invocation& invocation) {
  CommandLine& serve = invocation.flags.serve;
  text_option(command, "--config", serve.config,
              "The configuration file; otherwise TOLLGATE_CONFIG, otherwise ./tollgate.yaml if "
              "there is one")
      ->type_name("FILE");
  text_option(command, "--data", serve.data, "The data directory; ./data unless set")
      ->type_name("DIR");
  text_option(command, "--listen", serve.listen,
              "Where to listen; 127.0.0.1:8080 unless set, port 0 picks one")
      ->type_name("HOST:PORT");
}

void declare_serve(CLI::App& app, Invocation& invocation) {
  CLI::App& command = subcommand(app, invocation, "serve", "Run the gateway",
                                 "  tollgate serve\n"
                                 "  tollgate serve --data /var/lib/tollgate --listen 0.0.0.0:8080\n"
                                 "  tollgate serve --config /etc/tollgate.yaml\n\n"
                                 "It prints `listening http://HOST:PORT` when it is ready. The "
                                 "first start also prints the\nlink that makes you the operator "
                                 "of its dashboard, a sandbox key, and a curl line that\nworks "
                                 "when pasted.\n",
                                 serve);
  serve_options(command, invocation);
}

void declare_usage(CLI::App& app, Invocation& invocation) {
  CLI::App& command = subcommand(
      app, invocation, "usage", "Show what was used, and what it cost",
      "  tollgate usage\n"
      "  tollgate usage --by day --from 30d\n"
      "  tollgate usage --key checkout --model acme/large --from 2026-11-01 --to 2026-11-30\n"
      "  tollgate usage --csv --from 2026-11-01 > november.csv\n"
      "  tollgate usage gen_000306e1c5a4fc01            one request: its attempts, and why it "
      "went there\n",
      show_usage);
  UsageFlags& usage = invocation.flags.usage;
  CLI::Option* row = text_option(command, "row", usage.row, "One row, by its id")->type_name("ID");
  CLI::Option* by = text_option(command, "--by", usage.by, "Totals instead of rows")
                        ->check(CLI::IsMember({"key", "model", "day"}));
  text_option(command, "--key", usage.key, "Only this key")->type_name("ID|NAME");
  text_option(command, "--model", usage.model, "Only this model")->type_name("MODEL");
  text_option(command, "--status", usage.status,
              "Only rows that ended so: ok, error, 4xx, 429, provider_error …")
      ->type_name("STATUS")
      ->excludes(by);
  text_option(command, "--from", usage.from,
              "Admitted at or after this time, e.g. 2026-11-01, or 7d for a week ago")
      ->type_name("TIME");
  text_option(command, "--to", usage.to, "Admitted before this time; a date includes its day")
      ->type_name("TIME");
  CLI::Option* csv = command.add_flag("--csv", usage.csv, "Print CSV, all of it unless --limit");
  count_option(command, invocation);
  connection_options(command, invocation);
  csv->excludes(command.get_option("--json"));
  for (const char* other :
       {"--by", "--key", "--model", "--status", "--from", "--to", "--csv", "--limit"}) {
    row->excludes(command.get_option(other));
  }
}

void declare_explain(CLI::App& app, Invocation& invocation) {
  CLI::App& command = subcommand(
      app, invocation, "explain",
      "Show what would become of a request: which rule refuses it, or where it would go and why",
      "  tollgate explain checkout \"What is the capital of France?\" --model tollgate/auto\n"
      "  tollgate explain checkout --body request.json --route /v1/messages --region eu-west\n\n"
      "Nothing is sent to a provider, held or counted.\n",
      explain);
  ExplainFlags& flags = invocation.flags.explain;
  command.add_option("key", flags.key, "The key that would ask")->type_name("ID|NAME")->required();
  command.add_option("prompt", flags.prompt, "What it would ask; a greeting unless given")
      ->type_name("PROMPT");
  text_option(command, "--model", flags.model, "The model that it would name")->type_name("MODEL");
  command
      .add_option_function<std::int64_t>(
          "--max-tokens", [&flags](std::int64_t value) { flags.max_tokens = value; },
          "The most output that it would ask for")
      ->type_name("N");
  text_option(command, "--body", flags.file, "A file that holds the whole request")
      ->type_name("FILE");
  text_option(command, "--route", flags.route,
              "The path that it would be sent to; /v1/chat/completions unless set")
      ->type_name("PATH");
  text_option(command, "--region", flags.region, "As the header X-Tollgate-Region would have it")
      ->type_name("REGION");
  connection_options(command, invocation);
}

void declare_audit(CLI::App& app, Invocation& invocation) {
  CLI::App* audit = app.add_subcommand("audit", "Show who changed what, and prove it unedited");
  audit->require_subcommand(1);
  CLI::App& rows =
      subcommand(*audit, invocation, "list", "Show the changes, newest first",
                 "  tollgate audit list --limit 20\n"
                 "  tollgate audit list --action key --actor ada@example.com --from 7d\n",
                 list_audit);
  AuditFlags& flags = invocation.flags.audit;
  text_option(rows, "--action", flags.action, "One, such as key.update, or all of a kind: key")
      ->type_name("ACTION");
  text_option(rows, "--actor", flags.actor,
              "Who did it: an id, an e-mail address or, with --workspace, a key's name")
      ->type_name("WHO");
  text_option(rows, "--object", flags.object, "What was changed, by its id")->type_name("ID");
  text_option(rows, "--from", flags.from, "Not before this time or date; 7d is a week ago")
      ->type_name("TIME");
  text_option(rows, "--to", flags.to, "Before this time, or including this date")
      ->type_name("TIME");
  count_option(rows, invocation);
  connection_options(rows, invocation);
  CLI::App& verify = subcommand(*audit, invocation, "verify",
                                "Recompute the hash chain; exit status 1 if a row was edited",
                                "  tollgate audit verify\n", verify_audit);
  connection_options(verify, invocation);
}

void declare_config(CLI::App& app, Invocation& invocation) {
  CLI::App* config = app.add_subcommand("config", "Look at the configuration");
  config->require_subcommand(1);
  CLI::App& check = subcommand(
      *config, invocation, "check", "Check the configuration without starting anything",
      "  tollgate config check\n"
      "  tollgate config check --config /etc/tollgate.yaml --json\n\n"
      "Every problem is shown at once, with its line and column. --json prints the settings in\n"
      "force, without anything secret.\n",
      check_config);
  serve_options(check, invocation);
  json_option(check, invocation);
}

}  // namespace

CLI::Option* text_option(CLI::App& command, std::string name, std::optional<std::string>& target,
                         std::string description) {
  return command.add_option_function<std::string>(
      std::move(name), [&target](const std::string& value) { target = value; },
      std::move(description));
}

CLI::Option* list_option(CLI::App& command, std::string name,
                         std::optional<std::vector<std::string>>& target, std::string description) {
  return command
      .add_option_function<std::vector<std::string>>(
          std::move(name), [&target](const std::vector<std::string>& values) { target = values; },
          std::move(description))
      ->allow_extra_args(false);
}

void json_option(CLI::App& command, Invocation& invocation) {
  command.add_flag_callback(
      "--json", [&invocation] { invocation.flags.output = Output::kJson; },
      "Print one JSON document instead of a table");
}

void server_options(CLI::App& command, Invocation& invocation) {
  ConnectionFlags& connection = invocation.flags.connection;
  CLI::Option* data =
      text_option(command, "--data", connection.data,
                  "The data directory of the running server, which needs no credential; "
                  "otherwise what TOLLGATE_DATA or ./tollgate.yaml says, or ./data")
          ->type_name("DIR");
  text_option(command, "--url", connection.url,
              "The address of the server, with a management key in TOLLGATE_ADMIN_KEY")
      ->type_name("URL")
      ->excludes(data);
  json_option(command, invocation);
}

void connection_options(CLI::App& command, Invocation& invocation) {
  command
      .add_option("--workspace", invocation.flags.connection.workspace,
                  "The workspace, by id or name")
      ->type_name("ID|NAME");
  server_options(command, invocation);
}

void count_option(CLI::App& command, Invocation& invocation) {
  command
      .add_option_function<std::int64_t>(
          "--limit", [&invocation](std::int64_t value) { invocation.flags.list.limit = value; },
          "How many entries at most; 100 unless set")
      ->check(CLI::Range(std::int64_t{1}, kListLimitMax))
      ->type_name("N");
}

CLI::App& subcommand(CLI::App& parent, Invocation& invocation, std::string name,
                     std::string description, std::string examples, Command run) {
  CLI::App* command = parent.add_subcommand(std::move(name), std::move(description));
  command->footer("Examples:\n" + std::move(examples));
  command->callback([&invocation, run] { invocation.command = run; });
  return *command;
}

CLI::App& group(CLI::App& parent, Invocation& invocation, std::string name, std::string description,
                std::string examples, Command run) {
  CLI::App* command = parent.add_subcommand(std::move(name), std::move(description));
  command->footer("Examples:\n" + std::move(examples));
  command->require_subcommand(0, 1);
  // Called after the subcommand's own, if there was one.
  command->callback([&invocation, run] {
    if (!invocation.command) invocation.command = run;
  });
  return *command;
}

void declare_options(CLI::App& app, Invocation& invocation) {
  app.name("tollgate");
  app.require_subcommand(1);
  app.set_version_flag("--version", "tollgate " + std::string(kVersion));
  app.footer(
      "Start here:\n"
      "  tollgate serve                                  run the gateway on this machine\n"
      "  tollgate keys create --name laptop              make a key; its secret is shown once\n"
      "  tollgate providers add openai --preset openai --api-key-env OPENAI_API_KEY\n"
      "                                                  route to a provider\n"
      "  tollgate usage --by key                         see who used what\n\n"
      "Every subcommand has --help with examples.\n");
  declare_serve(app, invocation);
  declare_keys(app, invocation);
  declare_workspaces(app, invocation);
  declare_users(app, invocation);
  declare_usage(app, invocation);
  declare_providers(app, invocation);
  declare_models(app, invocation);
  declare_profiles(app, invocation);
  declare_explain(app, invocation);
  declare_audit(app, invocation);
  declare_config(app, invocation);
  CLI::App& version = subcommand(app, invocation, "version", "Print the version",
                                 "  tollgate version\n", show_version);
  json_option(version, invocation);
}

}  // namespace tollgate::cli
