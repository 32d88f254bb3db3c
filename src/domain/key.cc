#include "domain/key.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate {

namespace {

template <class Value>
struct NameRow {
  Value value;
  std::string_view name;
};

constexpr NameRow<Environment> kEnvironments[] = {{Environment::kProduction, "production"},
                                                  {Environment::kSandbox, "sandbox"}};
constexpr NameRow<KeyType> kKeyTypes[] = {{KeyType::kStandard, "standard"},
                                          {KeyType::kProfile, "profile"},
                                          {KeyType::kManagement, "management"}};
constexpr NameRow<Role> kRoles[] = {{Role::kViewer, "viewer"},
                                    {Role::kMember, "member"},
                                    {Role::kAdmin, "admin"},
                                    {Role::kOperator, "operator"}};
constexpr NameRow<Enforcement> kEnforcements[] = {{Enforcement::kHard, "hard"},
                                                  {Enforcement::kSoft, "soft"}};
constexpr NameRow<KeyStatus> kKeyStatuses[] = {{KeyStatus::kRevoked, "revoked"},
                                               {KeyStatus::kExpired, "expired"},
                                               {KeyStatus::kDisabled, "disabled"},
                                               {KeyStatus::kLimited, "limited"},
                                               {KeyStatus::kActive, "active"}};
constexpr NameRow<SecretPurpose> kSecretPurposes[] = {{SecretPurpose::kClient, "client"},
                                                      {SecretPurpose::kPlayground, "playground"}};

template <class Value, std::size_t Count>
std::string_view name_in(const NameRow<Value> (&rows)[Count], Value value) {
  for (const auto& row : rows) {
    if (row.value == value) return row.name;
  }
  bug("a value outside its enum", std::source_location::current());
}

template <class Value, std::size_t Count>
std::optional<Value> value_in(const NameRow<Value> (&rows)[Count], std::string_view name) {
  for (const auto& row : rows) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view environment_name(Environment value) { return name_in(kEnvironments, value); }
std::string_view key_type_name(KeyType value) { return name_in(kKeyTypes, value); }
std::string_view role_name(Role value) { return name_in(kRoles, value); }
std::string_view enforcement_name(Enforcement value) { return name_in(kEnforcements, value); }
std::string_view key_status_name(KeyStatus value) { return name_in(kKeyStatuses, value); }
std::string_view secret_purpose_name(SecretPurpose value) {
  return name_in(kSecretPurposes, value);
}

std::optional<Environment> environment_from_name(std::string_view name) {
  return value_in(kEnvironments, name);
}
std::optional<KeyType> key_type_from_name(std::string_view name) {
  return value_in(kKeyTypes, name);
}
std::optional<Role> role_from_name(std::string_view name) { return value_in(kRoles, name); }
std::optional<Enforcement> enforcement_from_name(std::string_view name) {
  return value_in(kEnforcements, name);
}
std::optional<KeyStatus> key_status_from_name(std::string_view name) {
  return value_in(kKeyStatuses, name);
}
std::optional<SecretPurpose> secret_purpose_from_name(std::string_view name) {
  return value_in(kSecretPurposes, name);
}

KeyStatus key_status(const Key& key, WallTime now) {
  if (key.revoked_at) return KeyStatus::kRevoked;
  if (key.policy.expires_at && now >= *key.policy.expires_at) return KeyStatus::kExpired;
  if (!key.policy.enabled) return KeyStatus::kDisabled;
  return KeyStatus::kActive;
}

std::size_t current_secret_index(const Key& key) {
  const auto current = std::ranges::find(key.secrets, SecretPurpose::kClient, &KeySecret::purpose);
  check(current != key.secrets.end(), "a key without a secret");
  return static_cast<std::size_t>(current - key.secrets.begin());
}

const KeySecret& current_secret(const Key& key) { return key.secrets[current_secret_index(key)]; }

}  // namespace tollgate
