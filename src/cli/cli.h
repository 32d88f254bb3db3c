// The command line: `tollgate SUBCOMMAND …`.
//
// server/main.cc calls run_cli() and gives it the one thing that this room cannot do, serving; all
// other subcommands are clients of the admin API (SPEC §12). Single-threaded.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

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

// What the process gives a command: tests give their own.
struct CliStreams {
  std::ostream& out;
  std::ostream& err;
  EnvironmentLookup environment;
};

// Runs the command line on the process's own streams and returns the exit status.
int run_cli(int argc, char** argv, ServeFunction serve);
int run_cli(int argc, const char* const* argv, const ServeFunction& serve,
            const CliStreams& streams);

}  // namespace tollgate
