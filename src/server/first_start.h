// What a start does for its operator: the link by which the first one is made, and on the very
// first start a sandbox key, shown this once, and a command that works when pasted.
#pragma once

#include <string>

#include "admin/people.h"
#include "base/error.h"
#include "base/random.h"
#include "ledger/ledger.h"
#include "runtime/io_threads.h"

namespace tollgate {

// While nobody is an operator: a new setup link, as the text to print. "" once somebody is. Blocks;
// for start-up.
Result<std::string> offer_setup(Ledger& ledger, SetupLink& link, Random& random, IoThread& thread,
                                const std::string& url);

// Makes the sandbox key `quickstart` and returns the text to print. Blocks; for start-up.
Result<std::string> greet_operator(Ledger& ledger, IoThread& thread, const std::string& url);

}  // namespace tollgate
