// Validates what an operator wants of a key, listing every problem at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "domain/key.h"
#include "domain/policy_problem.h"

namespace tollgate {

inline constexpr std::size_t kKeyNameLengthMax = 128;  // characters, not bytes
inline constexpr std::size_t kKeyDescriptionLengthMax = 1'024;
inline constexpr std::size_t kKeyIconLengthMax = 64;
inline constexpr std::size_t kKeyModelsMax = 256;
inline constexpr std::size_t kKeyAllowedIpsMax = 256;
inline constexpr std::size_t kKeyTagsMax = 32;
inline constexpr std::size_t kKeyTagLengthMax = 64;
inline constexpr std::chrono::seconds kGraceMax = std::chrono::days(30);
// How long a playground secret lives, in real time whatever a test clock says.
inline constexpr std::chrono::minutes kPlaygroundLife{15};
// How many of them a key has; one more takes the place of the one that ends first.
inline constexpr std::size_t kPlaygroundSecretsMax = 5;

// Of a key to be made: empty when the policy is sound. Canonicalises allowed_ips in place, each
// once.
//
// A name is 1–128 characters of valid UTF-8 without control characters, not only blanks; a region
// is empty or 1–64 of [a-z0-9-]; tags are not empty and stand once; expires_at lies after `now`.
// Profile keys are made with their profile, so `type` may not ask for one. Only a management key
// has a role other than viewer, never operator, and it has neither models nor a region nor limits,
// which are held to domain/limit_policy.h.
std::vector<PolicyProblem> validate_key_policy(KeyPolicy& policy, WallTime now);

}  // namespace tollgate
