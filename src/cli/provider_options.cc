#include "cli/options.h"
#include "cli/providers_commands.h"

namespace tollgate::cli {

namespace {

void id_argument(CLI::App& command, Invocation& invocation) {
  command.add_option("id", invocation.flags.provider.id, "The provider, by its id")
      ->type_name("ID")
      ->required();
}

// What add and update have in common.
void setting_options(CLI::App& command, Invocation& invocation) {
  ProviderFlags& flags = invocation.flags.provider;
  text_option(command, "--preset", flags.preset,
              "A well-known one, with its address, models and prices: openai, anthropic, google, "
              "azure, groq, together, mistral, deepseek, xai, ollama, vllm …")
      ->type_name("NAME");
  text_option(command, "--base-url", flags.base_url,
              "Where it is, as its documentation says for OpenAI's clients")
      ->type_name("URL");
  text_option(command, "--dialect", flags.dialect, "What it speaks; openai unless set")
      ->check(CLI::IsMember({"openai", "anthropic", "azure-openai"}));
  text_option(command, "--api-version", flags.api_version, "Azure's, e.g. 2024-10-21")
      ->type_name("VERSION");
  text_option(command, "--responses", flags.responses,
              "Who makes a response of /v1/responses; auto unless set")
      ->check(CLI::IsMember({"auto", "native", "translated"}));
  text_option(command, "--api-key-env", flags.api_key_env,
              "The environment variable that holds the credential")
      ->type_name("VARIABLE");
  command.add_flag("--api-key-stdin", flags.api_key_stdin,
                   "Read the credential from standard input");
  command.add_flag("--no-api-key", flags.no_api_key, "It takes no credential");
  text_option(command, "--region", flags.region, "Where it serves; keys can be pinned to it")
      ->type_name("REGION");
  list_option(command, "--header", flags.headers,
              "A header to send with every request; may be repeated, '' removes all")
      ->type_name("'NAME: VALUE'");
  list_option(command, "--models", flags.models,
              "Offer these models of the preset alone, e.g. openai/gpt-4o,openai/gpt-4o-mini")
      ->type_name("A,B");
  command.add_flag("--all-models", flags.all_models, "Offer all models of the preset");
  command.add_flag_callback(
      "--allow-private", [&flags] { flags.allow_private = true; },
      "It may be on this machine or in a network of your own");
  command.add_flag_callback(
      "--no-allow-private", [&flags] { flags.allow_private = false; }, "It may not");
  text_option(command, "--from", flags.from,
              "A JSON document as the API takes it, - for standard input; other options go first")
      ->type_name("FILE");
}

void declare_add(CLI::App& providers, Invocation& invocation) {
  CLI::App& command = subcommand(
      providers, invocation, "add", "Add a provider; its models can be called at once",
      "  tollgate providers add openai --preset openai --api-key-env OPENAI_API_KEY\n"
      "  tollgate providers add claude --preset anthropic --api-key-stdin < key.txt\n"
      "  tollgate providers add local --preset ollama --allow-private --from models.json\n"
      "  tollgate providers add eu --preset azure --base-url https://me.openai.azure.com \\\n"
      "      --api-key-env AZURE_KEY --region eu-west --models openai/gpt-4o\n\n"
      "The credential is kept encrypted and never shown again. models.json lists what a server of\n"
      "your own offers: {\"models\": [{\"id\": \"me/llama\", \"upstream_model\": \"llama3\",\n"
      "\"prices\": {\"input\": \"0\", \"output\": \"0\"}}]}\n",
      add_provider);
  id_argument(command, invocation);
  setting_options(command, invocation);
  server_options(command, invocation);
}

void declare_update(CLI::App& providers, Invocation& invocation) {
  CLI::App& command = subcommand(
      providers, invocation, "update", "Change a provider; what is not named stays",
      "  tollgate providers update openai --api-key-env NEW_KEY\n"
      "  tollgate providers update local --base-url http://10.0.0.7:11434/v1\n\n"
      "Its credential is kept, unless its address moves to another host: give it again then.\n"
      "Requests that are under way end as they began; the next one uses the change.\n",
      update_provider);
  id_argument(command, invocation);
  setting_options(command, invocation);
  server_options(command, invocation);
}

}  // namespace

void declare_providers(CLI::App& app, Invocation& invocation) {
  CLI::App& providers =
      group(app, invocation, "providers", "Show, add, change and test providers",
            "  tollgate providers\n"
            "  tollgate providers add openai --preset openai --api-key-env OPENAI_API_KEY\n"
            "  tollgate providers test openai\n",
            list_providers);
  count_option(providers, invocation);
  connection_options(providers, invocation);
  CLI::App& list = subcommand(providers, invocation, "list", "Show the providers and their health",
                              "  tollgate providers list\n"
                              "  tollgate providers list --json\n",
                              list_providers);
  count_option(list, invocation);
  connection_options(list, invocation);
  CLI::App& get = subcommand(providers, invocation, "get",
                             "Show one provider, and how each of its offers is doing",
                             "  tollgate providers get openai\n", get_provider);
  id_argument(get, invocation);
  connection_options(get, invocation);
  declare_add(providers, invocation);
  declare_update(providers, invocation);
  CLI::App& remove = subcommand(providers, invocation, "remove",
                                "Remove a provider with its credential and its offers",
                                "  tollgate providers remove local\n", remove_provider);
  id_argument(remove, invocation);
  server_options(remove, invocation);
  CLI::App& test = subcommand(
      providers, invocation, "test", "Say whether it can be used, and what is wrong if not",
      "  tollgate providers test openai\n"
      "  tollgate providers test openai --model openai/gpt-4o\n\n"
      "It asks for the provider's list of models, which costs nothing. With --model it sends one\n"
      "word to that model. Exit status 1 if something is wrong.\n",
      test_provider);
  id_argument(test, invocation);
  text_option(test, "--model", invocation.flags.provider.model, "Ask this model, too")
      ->type_name("MODEL");
  server_options(test, invocation);
}

}  // namespace tollgate::cli
