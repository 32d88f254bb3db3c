// Declares every subcommand and option of SPEC §12 to CLI11, with help that teaches. The options
// fill `invocation.flags`; the subcommand that was given sets `invocation.command`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/flags.h"

namespace tollgate::cli {

// REQUIRES: `invocation` outlives `app`.
void declare_options(CLI::App& app, Invocation& invocation);

// The parts that cli/*_options.cc declare.
void declare_keys(CLI::App& app, Invocation& invocation);
void declare_workspaces(CLI::App& app, Invocation& invocation);
void declare_providers(CLI::App& app, Invocation& invocation);
void declare_models(CLI::App& app, Invocation& invocation);
void declare_profiles(CLI::App& app, Invocation& invocation);
void declare_users(CLI::App& app, Invocation& invocation);

// Building blocks of all. An optional stays empty until the option is given; '' counts as given.
CLI::Option* text_option(CLI::App& command, std::string name, std::optional<std::string>& target,
                         std::string description);
// May be repeated; each use takes one value.
CLI::Option* list_option(CLI::App& command, std::string name,
                         std::optional<std::vector<std::string>>& target, std::string description);
// --data, --url, --json.
void server_options(CLI::App& command, Invocation& invocation);
// The same with --workspace, for what stands in one.
void connection_options(CLI::App& command, Invocation& invocation);
void json_option(CLI::App& command, Invocation& invocation);
// --limit METRIC:AMOUNT/WINDOW and the friendly ones.
void limit_options(CLI::App& command, LimitFlags& limits);
// --limit N, a total.
void count_option(CLI::App& command, Invocation& invocation);
// A subcommand that runs `run`; `examples` ends its help.
CLI::App& subcommand(CLI::App& parent, Invocation& invocation, std::string name,
                     std::string description, std::string examples, Command run);
// One that has subcommands, and runs `run` without any.
CLI::App& group(CLI::App& parent, Invocation& invocation, std::string name, std::string description,
                std::string examples, Command run);

}  // namespace tollgate::cli
