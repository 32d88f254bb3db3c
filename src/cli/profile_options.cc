#include "cli/options.h"
#include "cli/profiles_commands.h"

namespace tollgate::cli {

namespace {

void profile_argument(CLI::App& command, Invocation& invocation) {
  command.add_option("profile", invocation.flags.profile.profile, "The profile, by id or by name")
      ->type_name("ID|NAME")
      ->required();
}

// What create and update have in common.
void rule_options(CLI::App& command, Invocation& invocation) {
  ProfileFlags& flags = invocation.flags.profile;
  const CLI::IsMember tiers({"NANO", "SIMPLE", "LIGHT", "STANDARD", "COMPLEX"}, CLI::ignore_case);
  text_option(command, "--description", flags.description, "What it is for")->type_name("TEXT");
  text_option(command, "--strategy", flags.strategy, "What goes first; balanced unless set")
      ->check(CLI::IsMember({"balanced", "cheapest", "fastest", "quality"}));
  list_option(command, "--order", flags.order,
              "These models in this order instead, with wildcards, and no other")
      ->type_name("A,B");
  text_option(command, "--tier-floor", flags.tier_floor, "No model below this tier")->check(tiers);
  text_option(command, "--tier-ceiling", flags.tier_ceiling, "No prompt counts as above this tier")
      ->check(tiers);
  text_option(command, "--cost-cap", flags.cost_cap,
              "USD that one request may cost at most; '' for none")
      ->type_name("AMOUNT");
  list_option(command, "--deny", flags.deny,
              "Refuse requests with vision, file, tools, audio or video")
      ->type_name("A,B");
  list_option(command, "--allow", flags.allow, "Take them again")->type_name("A,B");
  command
      .add_option_function<std::int64_t>(
          "--min-tool-calling", [&flags](std::int64_t value) { flags.min_tool_calling = value; },
          "How well a model that is offered tools must call them, 0 to 100")
      ->type_name("N");
  text_option(command, "--region", flags.region, "Serve in this region or not at all")
      ->type_name("REGION");
  list_option(command, "--models", flags.models, "Only these, with wildcards; '' for all")
      ->type_name("A,B");
  command.add_flag_callback(
      "--honor-model", [&flags] { flags.honor_model = true; },
      "A request's model narrows the choice");
  command.add_flag_callback(
      "--ignore-model", [&flags] { flags.honor_model = false; },
      "It is ignored, as it is at first");
}

}  // namespace

void declare_profiles(CLI::App& app, Invocation& invocation) {
  ProfileFlags& flags = invocation.flags.profile;
  CLI::App* profiles =
      app.add_subcommand("profiles", "Manage routing profiles: rules that choose the model");
  profiles->require_subcommand(1);
  CLI::App& list = subcommand(*profiles, invocation, "list", "Show the profiles",
                              "  tollgate profiles list\n", list_profiles);
  count_option(list, invocation);
  connection_options(list, invocation);
  CLI::App& get = subcommand(*profiles, invocation, "get", "Show one profile and its key",
                             "  tollgate profiles get support\n", get_profile);
  profile_argument(get, invocation);
  connection_options(get, invocation);
  CLI::App& create = subcommand(
      *profiles, invocation, "create", "Make a profile with its key, whose secret is shown once",
      "  tollgate profiles create --name support --strategy cheapest --tier-floor LIGHT\n"
      "  tollgate profiles create --name eu --region eu-west --cost-cap 0.05 --deny video\n"
      "  tollgate profiles create --name best --order 'anthropic/*,openai/gpt-4o'\n\n"
      "Deleting its key leaves the profile without one; only making it anew gives another.\n",
      create_profile);
  text_option(create, "--name", flags.name, "What to call it, and its key")
      ->type_name("NAME")
      ->required();
  text_option(create, "--environment", flags.environment, "Of its key; production unless set")
      ->check(CLI::IsMember({"production", "sandbox"}));
  rule_options(create, invocation);
  connection_options(create, invocation);
  CLI::App& update = subcommand(*profiles, invocation, "update", "Change a profile's rules",
                                "  tollgate profiles update support --tier-ceiling STANDARD\n"
                                "  tollgate profiles update support --cost-cap ''\n",
                                update_profile);
  profile_argument(update, invocation);
  text_option(update, "--name", flags.name, "A new name")->type_name("NAME");
  rule_options(update, invocation);
  connection_options(update, invocation);
  CLI::App& remove =
      subcommand(*profiles, invocation, "delete", "Delete a profile and revoke its key",
                 "  tollgate profiles delete support\n", delete_profile);
  profile_argument(remove, invocation);
  connection_options(remove, invocation);
}

}  // namespace tollgate::cli
