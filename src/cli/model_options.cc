#include <array>
#include <utility>

#include "cli/models_commands.h"
#include "cli/options.h"

namespace tollgate::cli {

namespace {

void model_argument(CLI::App& command, Invocation& invocation) {
  command.add_option("model", invocation.flags.model.id, "The model, by its public id")
      ->type_name("MODEL")
      ->required();
}

void number_option(CLI::App& command, std::string name, std::optional<std::int64_t>& target,
                   std::string description) {
  command
      .add_option_function<std::int64_t>(
          std::move(name), [&target](std::int64_t value) { target = value; },
          std::move(description))
      ->type_name("N");
}

void price_options(CLI::App& command, Invocation& invocation) {
  constexpr auto kOptions = std::to_array<std::array<const char*, 3>>({
      {"--input", "input", "USD per million tokens of input"},
      {"--output", "output", "USD per million tokens of output"},
      {"--cached-input", "cached_input", "USD per million tokens read from a cache"},
      {"--cache-write", "cache_write", "USD per million tokens written to a cache"},
      {"--reasoning-output", "reasoning_output", "USD per million tokens of reasoning"},
      {"--per-request", "per_request", "USD per request"},
      {"--per-image", "per_image", "USD per image"},
      {"--per-minute", "per_minute", "USD per minute of audio"},
      {"--per-million-characters", "per_million_characters", "USD per million characters"},
  });
  for (const auto& [option, name, description] : kOptions) {
    command
        .add_option_function<std::string>(
            option,
            [&prices = invocation.flags.model.prices, name](const std::string& amount) {
              prices.emplace_back(name, amount);
            },
            description)
        ->type_name("AMOUNT")
        ->group("Prices");
  }
}

void fact_options(CLI::App& command, Invocation& invocation) {
  ModelFlags& flags = invocation.flags.model;
  text_option(command, "--name", flags.name, "What people call it")
      ->type_name("TEXT")
      ->group("Facts");
  text_option(command, "--kind", flags.kind, "What it is for")
      ->check(CLI::IsMember(
          {"chat", "embedding", "image", "speech", "transcription", "rerank", "moderation"}))
      ->group("Facts");
  list_option(command, "--has", flags.has,
              "What it can: vision, tools, audio_input, file_input, video_input, json_schema, "
              "reasoning")
      ->type_name("A,B")
      ->group("Facts");
  list_option(command, "--lacks", flags.lacks, "What it cannot")->type_name("A,B")->group("Facts");
  number_option(command, "--quality", flags.quality, "How good it is, 0 to 100");
  number_option(command, "--tool-calling", flags.tool_calling, "How well it calls tools, 0 to 100");
  text_option(command, "--tier", flags.tier, "The prompts that it is for")
      ->check(CLI::IsMember({"NANO", "SIMPLE", "LIGHT", "STANDARD", "COMPLEX"}, CLI::ignore_case))
      ->group("Facts");
}

void declare_set(CLI::App& models, Invocation& invocation) {
  ModelFlags& flags = invocation.flags.model;
  CLI::App& command = subcommand(
      models, invocation, "set", "State facts of a model, or its price at a provider",
      "  tollgate models set openai/gpt-4o --provider openai --input 2.50 --output 10\n"
      "  tollgate models set me/llama --provider local --upstream llama3 --input 0 --output 0\n"
      "  tollgate models set me/llama --has tools,vision --quality 55 --context 131072\n\n"
      "A price holds for requests that begin from now on; rows of usage name its version. With\n"
      "--provider it is the whole of what is told of that offer.\n",
      set_model);
  model_argument(command, invocation);
  text_option(command, "--provider", flags.provider, "The provider whose offer this is")
      ->type_name("ID");
  text_option(command, "--upstream", flags.upstream, "What the provider calls the model")
      ->type_name("NAME");
  text_option(command, "--region", flags.region, "Where this offer serves")->type_name("REGION");
  text_option(command, "--max-tokens-field", flags.max_tokens_field,
              "Where the provider takes the bound on output")
      ->check(CLI::IsMember({"max_tokens", "max_completion_tokens"}));
  number_option(command, "--context", flags.context_window, "Its context window, in tokens");
  number_option(command, "--max-output", flags.max_output_tokens, "The most that it answers");
  price_options(command, invocation);
  fact_options(command, invocation);
  server_options(command, invocation);
}

void declare_import(CLI::App& models, Invocation& invocation) {
  ModelFlags& flags = invocation.flags.model;
  CLI::App& command = subcommand(
      models, invocation, "import", "Take prices from LiteLLM's price list",
      "  tollgate models import model_prices_and_context_window.json\n"
      "  tollgate models import prices.json --provider openai --only-known\n\n"
      "Entries go to the configured providers of the preset that they are listed under. It says\n"
      "what it took, what it skipped and why; a second time it changes nothing. Providers that\n"
      "list their models get prices for those alone, and what tollgate.yaml defines stays.\n",
      import_models);
  command.add_option("file", flags.file, "The list; - for standard input")
      ->type_name("FILE")
      ->required();
  text_option(command, "--provider", flags.provider, "For this provider alone")->type_name("ID");
  command.add_flag("--only-known", flags.only_known, "Add no models that are not offered yet");
  server_options(command, invocation);
}

void declare_aliases(CLI::App& app, Invocation& invocation) {
  CLI::App& aliases = group(app, invocation, "aliases", "Show and set other names for models",
                            "  tollgate aliases\n"
                            "  tollgate aliases set auto tollgate/auto\n",
                            list_aliases);
  count_option(aliases, invocation);
  connection_options(aliases, invocation);
  CLI::App& list = subcommand(aliases, invocation, "list", "Show the aliases",
                              "  tollgate aliases list --json\n", list_aliases);
  count_option(list, invocation);
  connection_options(list, invocation);
  CLI::App& set = subcommand(aliases, invocation, "set", "Make a name stand for a model",
                             "  tollgate aliases set auto tollgate/auto\n"
                             "  tollgate aliases set auto/chat tollgate/auto-fast\n"
                             "  tollgate aliases set best openai/gpt-4o\n",
                             set_alias);
  set.add_option("alias", invocation.flags.model.id, "The name")->type_name("ALIAS")->required();
  set.add_option("model", invocation.flags.model.target,
                 "A model's id, or tollgate/auto, -cheap or -fast")
      ->type_name("MODEL")
      ->required();
  server_options(set, invocation);
  CLI::App& remove = subcommand(aliases, invocation, "remove", "Remove an alias",
                                "  tollgate aliases remove best\n", remove_alias);
  remove.add_option("alias", invocation.flags.model.id, "The name")->type_name("ALIAS")->required();
  server_options(remove, invocation);
}

}  // namespace

void declare_models(CLI::App& app, Invocation& invocation) {
  CLI::App& models = group(app, invocation, "models", "Show models, and set facts and prices",
                           "  tollgate models\n"
                           "  tollgate models get openai/gpt-4o\n"
                           "  tollgate models import model_prices_and_context_window.json\n",
                           list_models);
  count_option(models, invocation);
  connection_options(models, invocation);
  CLI::App& list = subcommand(models, invocation, "list", "Show the models and their prices",
                              "  tollgate models list\n"
                              "  tollgate models list --json\n",
                              list_models);
  count_option(list, invocation);
  connection_options(list, invocation);
  CLI::App& get = subcommand(models, invocation, "get", "Show one model with its offers",
                             "  tollgate models get openai/gpt-4o\n", get_model);
  model_argument(get, invocation);
  connection_options(get, invocation);
  declare_set(models, invocation);
  CLI::App& reset = subcommand(models, invocation, "reset", "Take back what `set` said",
                               "  tollgate models reset openai/gpt-4o\n"
                               "  tollgate models reset openai/gpt-4o --provider openai\n",
                               reset_model);
  model_argument(reset, invocation);
  text_option(reset, "--provider", invocation.flags.model.provider, "Of this offer")
      ->type_name("ID");
  server_options(reset, invocation);
  declare_import(models, invocation);
  declare_aliases(app, invocation);
}

}  // namespace tollgate::cli
