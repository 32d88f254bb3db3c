// What the first start of an installation does for its operator: a sandbox key, shown this once,
// and a command that works when pasted.
#pragma once

#include <string>

#include "base/error.h"
#include "ledger/ledger.h"
#include "runtime/io_threads.h"

namespace tollgate {

// Makes the sandbox key `quickstart` and returns the text to print. Blocks; for start-up.
Result<std::string> greet_operator(Ledger& ledger, IoThread& thread, const std::string& url);

}  // namespace tollgate
