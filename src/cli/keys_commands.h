// `tollgate keys …`: create, list, get, update, enable, disable, rotate, revoke (SPEC §12).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> create_key(const Invocation& invocation);
Outcome<void> list_keys(const Invocation& invocation);
Outcome<void> get_key(const Invocation& invocation);
Outcome<void> update_key(const Invocation& invocation);
Outcome<void> enable_key(const Invocation& invocation);
Outcome<void> disable_key(const Invocation& invocation);
Outcome<void> rotate_key(const Invocation& invocation);
Outcome<void> revoke_key(const Invocation& invocation);

}  // namespace tollgate::cli
