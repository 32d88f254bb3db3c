// Reads the settings: tollgate.yaml, then TOLLGATE_* variables, then the command line. Later ones
// win (SPEC §12: command line beats environment beats file).
//
// Called by server/ on start and on SIGHUP, and by `tollgate config check`. Reads files, changes
// nothing. Single-threaded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "config/settings.h"

namespace tollgate {

inline constexpr std::size_t kConfigBytesMax = 4 * 1024 * 1024;

// What `tollgate serve` was told on its command line.
struct CommandLine {
  std::optional<std::string> config = {};  // --config FILE
  std::optional<std::string> data = {};    // --data DIR
  std::optional<std::string> listen = {};  // --listen HOST:PORT
};

// The value of an environment variable; nullopt = unset. Tests give their own.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;
EnvironmentLookup process_environment();

// The file is --config, else TOLLGATE_CONFIG, else ./tollgate.yaml if there is one, else none; one
// that was named must exist. `${NAME}` inside a value is replaced by the variable (unset: an error
// that names it); `$$` gives one `$`.
//
// kInvalidRequest with every problem at once, one per line: "FILE:LINE:COLUMN: what", or
// "TOLLGATE_LISTEN: what", or "--listen: what". No message ever repeats a value of the file or of a
// variable, since any of them might be a credential.
Result<Settings> load_settings(const CommandLine& overrides, const EnvironmentLookup& environment);

// Like load_settings(), but what is wrong is left at its default instead of refused. For clients,
// which only want to know where the server of this directory is, and may lack its variables.
Settings load_sound_settings(const CommandLine& overrides, const EnvironmentLookup& environment);

}  // namespace tollgate
