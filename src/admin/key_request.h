// What clients write about keys: the bodies of create, edit, rotate and mint, read strictly, with
// every problem reported at once (SPEC §2, §9). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/key.h"
#include "domain/limit.h"
#include "domain/money.h"

namespace tollgate {

// The members an edit sets; absent ones stay as they are. null in the body clears: an empty text,
// an empty list, no expiry.
struct KeyPatch {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::string> icon;
  std::optional<std::string> region;
  std::optional<Role> role;
  std::optional<std::vector<Limit>> limits;  // the whole list
  std::optional<std::vector<std::string>> models;
  std::optional<std::vector<std::string>> allowed_ips;
  std::optional<std::vector<std::string>> tags;
  std::optional<Enforcement> enforcement;
  std::optional<std::optional<WallTime>> expires_at;
  std::optional<bool> enabled;
  std::optional<bool> prefer_low_carbon;
};

// The policy of a new key. kInvalidRequest when the body is no JSON, else kUnprocessable with every
// problem: types, unknown members, and the policy's own rules. Limits in credits are taken at
// `credit_value`.
Result<KeyPolicy> parse_key_create(std::string_view body, WallTime now, Money credit_value);

// The edit, checked against the policy as it stands. Errors as above; `environment` and `type`
// never change.
Result<KeyPatch> parse_key_patch(std::string_view body, const KeyPolicy& current, WallTime now,
                                 Money credit_value);

// The edit done. kUnprocessable for what the result breaks (an expired key can still be
// renamed or switched off).
Status apply_key_patch(const KeyPatch& patch, KeyPolicy& policy, WallTime now);

// What a further secret is for. kInvalidRequest when the body is no JSON, else kUnprocessable
// unless it says `playground`.
Status parse_key_secret(std::string_view body);

// The grace of a rotation: 0 for an empty body; kUnprocessable outside 0 … 30 days.
Result<std::chrono::seconds> parse_key_rotate(std::string_view body);

}  // namespace tollgate
