// `tollgate profiles …`: list, get, create, update, delete (SPEC §6 "Profiles").
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> list_profiles(const Invocation& invocation);
Outcome<void> get_profile(const Invocation& invocation);
// Prints the secret of its key, this once.
Outcome<void> create_profile(const Invocation& invocation);
Outcome<void> update_profile(const Invocation& invocation);
Outcome<void> delete_profile(const Invocation& invocation);

}  // namespace tollgate::cli
