// tollgate explain: what would become of a request of a key, and why (SPEC §9, §6).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

// Nothing is sent to a provider. Exit status 0 whether the request would be allowed or not.
Outcome<void> explain(const Invocation& invocation);

}  // namespace tollgate::cli
