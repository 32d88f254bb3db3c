// The subcommands that need no server: serve, config check, version (SPEC §12).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> serve(const Invocation& invocation);
Outcome<void> check_config(const Invocation& invocation);
Outcome<void> show_version(const Invocation& invocation);

}  // namespace tollgate::cli
