// What each role may do to keys (SPEC §9 "Roles"). Pure; every handler that changes a key asks
// here.
#pragma once

#include "base/error.h"
#include "domain/key.h"
#include "domain/principal.h"

namespace tollgate {

// kInsufficientScope naming both roles when `by` has less than `minimum`.
Status require_role(const Principal& by, Role minimum);

// Edit, rotate, revoke: admins every key; members the standard keys they made (created_by).
// REQUIRES: the caller may see the key (workspaces are checked where it is looked up).
Status may_manage(const Principal& by, const Key& key);

// Whether `by` may give a key this policy: a management key takes an admin, and nobody grants a
// role above their own.
Status may_grant(const Principal& by, const KeyPolicy& policy);

}  // namespace tollgate
