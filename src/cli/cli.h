// The command line: `tollgate SUBCOMMAND …`.
//
// server/main.cc calls run_cli() and gives it the one thing that this room cannot do, serving; all
// other subcommands are clients of the admin API (SPEC §12). Single-threaded.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "config/load.h"
#include "config/settings.h"

namespace tollgate {

// Exit statuses that scripts rely on.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // the server refused, or is not there
inline constexpr int kExitUsage = 2;   // the command line is wrong

// What `tollgate serve` runs once the settings are read. `reload` reads them again from the same
// places (SIGHUP). Returns the exit status.
using ReloadSettings = std::function<Result<Settings>()>;
using ServeFunction = std::function<int(Settings settings, ReloadSettings reload)>;

// What the process gives a command: standard output and error, the environment, the time. Tests
// give their own.
struct Terminal {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  EnvironmentLookup environment;
  const Clock& clock;
  // Standard input, to its end; nullptr gives nothing.
  std::function<std::string()> in = {};
};

// Runs the command line on the process's own terminal and returns the exit status.
int run_cli(int argc, char** argv, const ServeFunction& serve);
int run_cli(int argc, const char* const* argv, const ServeFunction& serve,
            const Terminal& terminal);

}  // namespace tollgate
