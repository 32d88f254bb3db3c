// The key and its secrets (SPEC §2), as stored and as every room speaks of them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "domain/ip.h"
#include "domain/limit.h"

namespace tollgate {

enum class Environment { kProduction, kSandbox };
enum class KeyType { kStandard, kProfile, kManagement };
enum class Role { kViewer, kMember, kAdmin, kOperator };
enum class Enforcement { kHard, kSoft };
// What a secret is for: kPlayground ones are further secrets of the key that live for minutes, in
// the playground's page, and are never its current one.
enum class SecretPurpose { kClient, kPlayground };
// In order of precedence.
enum class KeyStatus { kRevoked, kExpired, kDisabled, kLimited, kActive };

std::string_view environment_name(Environment value);
std::string_view key_type_name(KeyType value);
std::string_view role_name(Role value);
std::string_view enforcement_name(Enforcement value);
std::string_view key_status_name(KeyStatus value);
std::string_view secret_purpose_name(SecretPurpose value);
std::optional<Environment> environment_from_name(std::string_view name);
std::optional<KeyType> key_type_from_name(std::string_view name);
std::optional<Role> role_from_name(std::string_view name);
std::optional<Enforcement> enforcement_from_name(std::string_view name);
std::optional<KeyStatus> key_status_from_name(std::string_view name);
std::optional<SecretPurpose> secret_purpose_from_name(std::string_view name);

// What an operator may set on a key.
struct KeyPolicy {
  std::string name;
  std::string description;
  std::string icon;
  Environment environment = Environment::kProduction;
  KeyType type = KeyType::kStandard;
  Role role = Role::kViewer;  // management keys only
  std::vector<std::string> models;
  std::string region;
  std::vector<Limit> limits;  // in the operator's order, each metric and window once
  Enforcement enforcement = Enforcement::kHard;  // of these limits alone
  std::vector<std::string> allowed_ips;          // canonical CIDR texts
  std::optional<WallTime> expires_at;
  bool enabled = true;
  bool prefer_low_carbon = false;
  std::vector<std::string> tags;

  bool operator==(const KeyPolicy&) const = default;
};

struct KeySecret {
  SecretId id;
  std::int64_t number = 0;  // row number in the store
  Sha256 hash{};
  std::string preview;  // first 18 characters + "..."
  std::string last4;
  WallTime created_at;
  std::optional<WallTime> retires_at;  // dead from then on; a playground secret's always, else once
                                       // it is rotated out
  SecretPurpose purpose = SecretPurpose::kClient;

  bool operator==(const KeySecret&) const = default;
};

struct Key {
  KeyId id;
  std::int64_t number = 0;  // row number in the store: what usage rows carry
  WorkspaceId workspace;
  ProfileId profile = {};  // whose rules a profile key carries; never changes
  KeyPolicy policy;
  std::vector<KeySecret>
      secrets;  // newest first; retired ones stay, so they answer expired_api_key
  WallTime created_at;
  std::string created_by;
  std::optional<WallTime> revoked_at;

  bool operator==(const Key&) const = default;
};

// Counters are kept apart from the policy: they change with every request.
struct UseCount {
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::optional<WallTime> last_used_at;
};

// kLimited is the ledger's to say; this gives the rest.
KeyStatus key_status(const Key& key, WallTime now);
// Where the newest secret for clients stands in key.secrets: the one whose preview the list shows.
std::size_t current_secret_index(const Key& key);
const KeySecret& current_secret(const Key& key);

}  // namespace tollgate
