// `tollgate serve`: wires the rooms by hand, serves until told to stop, reloads on SIGHUP.
#pragma once

#include "cli/cli.h"
#include "config/settings.h"

namespace tollgate {

// Returns the exit status. Prints `listening http://HOST:PORT` once it serves, and nothing on
// standard output before.
int serve(Settings settings, ReloadSettings reload);

}  // namespace tollgate
