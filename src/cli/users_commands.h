// `tollgate users …`: list, invite, reset, remove the people who sign in to the dashboard (SPEC §9,
// §11).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> list_users(const Invocation& invocation);
Outcome<void> invite_user(const Invocation& invocation);
Outcome<void> reset_user(const Invocation& invocation);
Outcome<void> remove_user(const Invocation& invocation);

}  // namespace tollgate::cli
