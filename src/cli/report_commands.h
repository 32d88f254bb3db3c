// The subcommands that only read: usage, audit (SPEC §12).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> show_usage(const Invocation& invocation);
Outcome<void> list_audit(const Invocation& invocation);
// Fails (exit status 1) when the chain is broken; the verdict is printed all the same.
Outcome<void> verify_audit(const Invocation& invocation);

}  // namespace tollgate::cli
