#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <sstream>
#include <utility>

#include "cli/options.h"
#include "config/problems.h"

namespace tollgate {
namespace {

using cli::Failure;
using cli::Invocation;
using cli::Output;

// The subcommand that the command line got to before it went wrong.
CLI::App& deepest(CLI::App& app) {
  CLI::App* current = &app;
  while (!current->get_subcommands().empty()) current = current->get_subcommands().back();
  return *current;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name()
                           : fmt::format("{} {}", full_name(*parent), command.get_name());
}

// "; did you mean `create`?" for a word that is nearly a subcommand or an option.
std::string suggestion(const CLI::App& command, const std::vector<std::string>& unknown) {
  std::vector<std::string> names;
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(child->get_name());
  }
  for (const CLI::Option* option : command.get_options()) {
    if (option->nonpositional()) names.push_back(option->get_name());
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const std::string& word : unknown) {
    const std::string nearest = config::nearest_word(word, known);
    if (!nearest.empty() && nearest != word) return fmt::format(" Did you mean `{}`?", nearest);
  }
  return {};
}

// Says what is wrong with the command line, or prints the help that was asked for.
int explain(CLI::App& app, const CLI::ParseError& error, const Terminal& terminal) {
  CLI::App& command = deepest(app);
  if (error.get_exit_code() == 0) {
    std::ostringstream out;
    app.exit(error, out, out);
    terminal.out(out.str());
    return kExitOk;
  }
  const std::string name = full_name(command);
  const bool no_subcommand = error.get_name() == "RequiredError" &&
                             !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  const std::vector<std::string> unknown = app.remaining(true);
  if (no_subcommand && unknown.empty()) {
    terminal.err(command.help());
    return kExitUsage;
  }
  std::string what =
      unknown.empty() ? error.what() : fmt::format("`{}` is not known here", unknown.front());
  if (!what.ends_with('.')) what += '.';
  terminal.err(fmt::format("{}: {}{}\nRun `{} --help` to see how it is used, with examples.\n",
                           name, what, suggestion(command, unknown), name));
  return kExitUsage;
}

int report(const Failure& failure, const Invocation& invocation) {
  const bool as_json =
      invocation.flags.output == Output::kJson && failure.exit_status != kExitUsage;
  if (as_json && !failure.envelope.empty()) {
    invocation.terminal.err(failure.envelope + "\n");
  } else if (!failure.message.empty()) {
    invocation.terminal.err(failure.message + "\n");
  }
  return failure.exit_status;
}

std::string read_all(std::FILE* stream) {
  constexpr std::size_t kInputBytesMax = 16 * 1024 * 1024;
  std::string text;
  std::array<char, 4'096> piece;
  while (text.size() < kInputBytesMax) {
    const std::size_t count = std::fread(piece.data(), 1, piece.size(), stream);
    if (count == 0) break;
    text.append(piece.data(), count);
  }
  return text;
}

void write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

int run_cli(int argc, const char* const* argv, const ServeFunction& serve,
            const Terminal& terminal) {
  Invocation invocation{.terminal = terminal, .serve = serve};
  CLI::App app("Tollgate, a self-hosted AI gateway with virtual API keys.");
  cli::declare_options(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error, terminal);
  }
  const auto outcome = invocation.command(invocation);
  return outcome ? kExitOk : report(outcome.error(), invocation);
}

int run_cli(int argc, char** argv, const ServeFunction& serve) {
  const SystemClock clock;
  const Terminal terminal{.out = [](std::string_view text) { write(stdout, text); },
                          .err = [](std::string_view text) { write(stderr, text); },
                          .environment = process_environment(),
                          .clock = clock,
                          .in = [] { return read_all(stdin); }};
  const int status = run_cli(argc, argv, serve, terminal);
  // A full disk behind `> usage.csv` must not look like success.
  return std::ferror(stdout) != 0 && status == kExitOk ? kExitFailed : status;
}

}  // namespace tollgate
