#include "cli/keys_commands.h"
#include "cli/options.h"

namespace tollgate::cli {

void limit_options(CLI::App& command, LimitFlags& limits) {
  command.add_option("--limit", limits.limit, "A limit, e.g. cost:25/month; may be repeated")
      ->type_name("METRIC:AMOUNT/WINDOW")
      ->allow_extra_args(false)
      ->group("Limits");
  const auto add = [&](std::string name, std::optional<std::string>& target, std::string type,
                       std::string description) {
    text_option(command, std::move(name), target, std::move(description))
        ->type_name(std::move(type))
        ->group("Limits");
  };
  add("--cost", limits.cost, "AMOUNT[/WINDOW]", "USD, e.g. 25/month; for ever without a window");
  add("--tokens", limits.tokens, "N[/WINDOW]", "Tokens, e.g. 1M/day");
  add("--rpm", limits.rpm, "N", "Requests per rolling minute");
  add("--tpm", limits.tpm, "N", "Tokens per rolling minute, e.g. 100k");
  add("--parallel", limits.parallel, "N", "Requests at the same time");
  add("--daily", limits.daily, "AMOUNT", "USD per UTC day; 500cr for credits");
  add("--monthly", limits.monthly, "AMOUNT", "USD per UTC month");
  add("--max-request", limits.max_request, "AMOUNT", "USD for any one request");
}

namespace {

// What create and update have in common.
void field_options(CLI::App& command, Invocation& invocation) {
  KeyFlags& fields = invocation.flags.fields;
  text_option(command, "--description", fields.description, "What the key is for")
      ->type_name("TEXT");
  text_option(command, "--icon", fields.icon, "An emoji or the name of an icon")->type_name("TEXT");
  text_option(command, "--role", fields.role, "What a management key may do; viewer unless set")
      ->check(CLI::IsMember({"viewer", "member", "admin"}));
  list_option(command, "--models", fields.models,
              "The models it may call, with wildcards, e.g. 'openai/*,acme/large'; '' allows all")
      ->type_name("A,B");
  text_option(command, "--region", fields.region, "Serve in this region or not at all")
      ->type_name("REGION");
  list_option(command, "--allowed-ips", fields.allowed_ips,
              "Networks it may be used from, e.g. 10.0.0.0/8; '' allows all")
      ->type_name("A,B");
  text_option(command, "--expires", fields.expires,
              "When it stops working: 30d, 12h, 2027-01-31, or 2027-01-31T12:00:00Z")
      ->type_name("TIME");
  text_option(command, "--enforcement", fields.enforcement, "How limits are held; hard unless set")
      ->check(CLI::IsMember({"hard", "soft"}));
  list_option(command, "--tags", fields.tags, "Labels to find it by; '' removes all")
      ->type_name("A,B");
  CLI::Option* prefer = command.add_flag_callback(
      "--prefer-low-carbon", [&fields] { fields.prefer_low_carbon = true; },
      "Prefer providers with low-carbon power");
  command
      .add_flag_callback(
          "--no-prefer-low-carbon", [&fields] { fields.prefer_low_carbon = false; },
          "Do not prefer them")
      ->excludes(prefer);
  limit_options(command, fields.limits);
}

void declare_create(CLI::App& keys, Invocation& invocation) {
  KeyFlags& fields = invocation.flags.fields;
  CLI::App& command = subcommand(
      keys, invocation, "create", "Make a key; its secret is shown once",
      "  tollgate keys create --name laptop --environment sandbox\n"
      "  tollgate keys create --name checkout --models 'openai/*,acme/large' --expires 90d\n"
      "  tollgate keys create --name batch --limit cost:25/month --limit requests:60/60s\n"
      "  tollgate keys create --name team --monthly 100 --rpm 60 --tpm 100k --parallel 4\n"
      "  tollgate keys create --name ci --type management --role member --json\n",
      create_key);
  text_option(command, "--name", fields.name, "What to call it; unique in the workspace")
      ->type_name("NAME")
      ->required();
  text_option(command, "--environment", fields.environment,
              "production, or sandbox for simulated models only; production unless set")
      ->check(CLI::IsMember({"production", "sandbox"}));
  text_option(command, "--type", fields.type,
              "standard calls models, management administers; standard unless set")
      ->check(CLI::IsMember({"standard", "management"}));
  field_options(command, invocation);
  command.add_flag("--disabled", fields.disabled, "Make it switched off");
  connection_options(command, invocation);
}

void declare_list(CLI::App& keys, Invocation& invocation) {
  ListFlags& list = invocation.flags.list;
  CLI::App& command = subcommand(keys, invocation, "list", "Show the keys, newest first",
                                 "  tollgate keys list\n"
                                 "  tollgate keys list --search checkout --limit 1000\n"
                                 "  tollgate keys list --sort error_rate --limit 10\n"
                                 "  tollgate keys list --status revoked --json\n",
                                 list_keys);
  text_option(command, "--search", list.search,
              "Found in name, description, id, tags, preview or last four characters")
      ->type_name("TEXT");
  text_option(command, "--status", list.status, "Only keys in this status")
      ->check(CLI::IsMember({"active", "limited", "disabled", "expired", "revoked"}));
  text_option(command, "--environment", list.environment, "Only keys of this environment")
      ->check(CLI::IsMember({"production", "sandbox"}));
  text_option(command, "--type", list.type, "Only keys of this type")
      ->check(CLI::IsMember({"standard", "profile", "management"}));
  text_option(command, "--tag", list.tag, "Only keys with this tag")->type_name("TAG");
  text_option(command, "--sort", list.sort,
              "By what they are sorted: names rising, all else falling")
      ->check(CLI::IsMember({"created", "name", "last_used", "requests", "errors", "error_rate"}));
  text_option(command, "--order", list.order, "The other way round: asc or desc")
      ->check(CLI::IsMember({"asc", "desc"}));
  count_option(command, invocation);
  connection_options(command, invocation);
}

void key_argument(CLI::App& command, Invocation& invocation) {
  command.add_option("key", invocation.flags.key, "The key, by id or by name")
      ->type_name("ID|NAME")
      ->required();
}

void declare_one_key(CLI::App& keys, Invocation& invocation, std::string name,
                     std::string description, std::string examples, Command run) {
  CLI::App& command = subcommand(keys, invocation, std::move(name), std::move(description),
                                 std::move(examples), run);
  key_argument(command, invocation);
  connection_options(command, invocation);
}

void declare_update(CLI::App& keys, Invocation& invocation) {
  KeyFlags& fields = invocation.flags.fields;
  CLI::App& command =
      subcommand(keys, invocation, "update", "Change a key; it holds from the next request on",
                 "  tollgate keys update checkout --models 'openai/*' --expires 30d\n"
                 "  tollgate keys update checkout --name till --tags shop,eu\n"
                 "  tollgate keys update checkout --monthly 50 --rpm 120     these limits alone\n"
                 "  tollgate keys update checkout --models '' --description '' --no-expiry\n\n"
                 "Any limit given replaces all the limits that the key has.\n",
                 update_key);
  key_argument(command, invocation);
  text_option(command, "--name", fields.name, "A new name")->type_name("NAME");
  field_options(command, invocation);
  command.add_flag("--no-expiry", fields.no_expiry, "Let it never expire")
      ->excludes(command.get_option("--expires"));
  command.add_flag("--no-limits", fields.no_limits, "Remove all its limits")->group("Limits");
  connection_options(command, invocation);
}

void declare_rotate(CLI::App& keys, Invocation& invocation) {
  CLI::App& command =
      subcommand(keys, invocation, "rotate", "Give a key a new secret, shown once",
                 "  tollgate keys rotate checkout                the old secret dies at once\n"
                 "  tollgate keys rotate checkout --grace 1h     both work for an hour\n",
                 rotate_key);
  key_argument(command, invocation);
  command
      .add_option("--grace", invocation.flags.grace,
                  "How long the old secret goes on working, e.g. 15m, 1h, 7d; at most 30d")
      ->type_name("DURATION");
  connection_options(command, invocation);
}

void declare_revoke(CLI::App& keys, Invocation& invocation) {
  CLI::App& command = subcommand(
      keys, invocation, "revoke", "End a key for good; its name becomes free",
      "  tollgate keys revoke checkout\n"
      "  tollgate keys revoke checkout --abort-inflight\n\n"
      "From the next request on the key is refused. Requests already admitted finish, unless\n"
      "--abort-inflight cuts them. To switch a key off for a while, use `keys disable`.\n",
      revoke_key);
  key_argument(command, invocation);
  command.add_flag("--abort-inflight", invocation.flags.abort_inflight,
                   "Cut the requests that it has admitted, too");
  connection_options(command, invocation);
}

}  // namespace

void declare_keys(CLI::App& app, Invocation& invocation) {
  CLI::App* keys = app.add_subcommand("keys", "Make and manage virtual keys");
  keys->require_subcommand(1);
  declare_create(*keys, invocation);
  declare_list(*keys, invocation);
  declare_one_key(*keys, invocation, "get", "Show one key and its secrets' previews",
                  "  tollgate keys get checkout\n  tollgate keys get checkout --json\n", get_key);
  declare_update(*keys, invocation);
  declare_one_key(*keys, invocation, "enable", "Switch a key on again",
                  "  tollgate keys enable checkout\n", enable_key);
  declare_one_key(*keys, invocation, "disable", "Switch a key off, at once, until it is enabled",
                  "  tollgate keys disable checkout\n", disable_key);
  declare_rotate(*keys, invocation);
  declare_revoke(*keys, invocation);
}

}  // namespace tollgate::cli
