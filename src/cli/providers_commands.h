// `tollgate providers …`: list, get, add, update, remove, test (SPEC §9, §11).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> list_providers(const Invocation& invocation);
Outcome<void> get_provider(const Invocation& invocation);
Outcome<void> add_provider(const Invocation& invocation);
Outcome<void> update_provider(const Invocation& invocation);
Outcome<void> remove_provider(const Invocation& invocation);
// Exit status 1 where something is wrong with it; what, is printed all the same.
Outcome<void> test_provider(const Invocation& invocation);

}  // namespace tollgate::cli
