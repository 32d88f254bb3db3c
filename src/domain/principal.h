// Principal: who asks and what they may do.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "domain/key.h"

namespace tollgate {

// A caller of the admin API: a management key or the local CLI.
struct Principal {
  std::string actor;  // "key_…" or "cli": what audit rows and created_by say
  Role role = Role::kViewer;
  // The one workspace the caller is bound to; nullopt = any (an operator).
  std::optional<WorkspaceId> workspace;
  std::string from;  // client address, or "local socket"
};

}  // namespace tollgate
