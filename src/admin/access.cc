#include "admin/access.h"

#include <fmt/format.h>

namespace tollgate {

Status require_role(const Principal& by, Role minimum) {
  if (by.role >= minimum) return {};
  return fail(ErrorCode::kInsufficientScope,
              fmt::format("This takes the role {} or above; yours is {}.",
                          role_name(minimum), role_name(by.role)));
}

Status may_manage(const Principal& by, const Key& key) {
  if (by.role >= Role::kAdmin) return may_grant(by, key.policy);
  const bool own = key.created_by == by.actor && key.policy.type != KeyType::kManagement;
  if (by.role == Role::kMember && own) return {};
  return fail(ErrorCode::kInsufficientScope,
              "This role may change only the keys that it made itself: ask an admin.");
}

Status may_grant(const Principal& by, const KeyPolicy& policy) {
  if (policy.type != KeyType::kManagement) return {};
  if (by.role < Role::kAdmin) {
    return fail(ErrorCode::kInsufficientScope,
                "Management keys are an admin's to make and change.");
  }
  if (policy.role <= by.role) return {};
  return std::unexpected(Error{.code = ErrorCode::kInsufficientScope,
                               .message = "Nobody grants a role above their own.",
                               .param = "role"});
}

}  // namespace tollgate
