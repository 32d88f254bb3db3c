// Keys and their secrets, as the ledger loads and changes them. A key is never deleted: revoked, it
// stays for the usage rows and the audit log, and its name becomes free.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "domain/key.h"
#include "sql/connection.h"

namespace tollgate::store {

// Stores the key with its secrets and fills in every `number`. kConflict (param "name") when an
// unrevoked key of the workspace has the name; kConflict also for an id or hash that is there.
Status insert_key(sql::Connection& connection, Key& key);
// Replaces the whole policy. kConflict as above; kNotFound when there is no such key.
Status update_key_policy(sql::Connection& connection, std::int64_t key_number,
                         const KeyPolicy& policy);
// Adds a secret (a rotation's) and fills in its `number`.
Status insert_secret(sql::Connection& connection, std::int64_t key_number, KeySecret& secret);
// The same row with another token: hash, preview, last4 and times of `secret`. What it was used for
// stays counted. kNotFound when there is no such secret.
Status renew_secret(sql::Connection& connection, const KeySecret& secret);
// From `at` on the secret answers expired_api_key. kNotFound when there is no such secret.
Status set_secret_retires_at(sql::Connection& connection, std::int64_t secret_number, WallTime at);
// kNotFound when there is no such key, or when it is revoked already.
Status set_key_revoked(sql::Connection& connection, std::int64_t key_number, WallTime at);

// By id, revoked ones too; kNotFound.
Result<Key> find_key(sql::Connection& connection, const KeyId& id);
// The key of each profile that has one: where it was revoked, the profile has none.
Result<std::map<ProfileId, KeyId>> live_profile_keys(sql::Connection& connection);
// Every key, revoked ones too, by ascending number, secrets newest first. An error of `take` ends
// it.
Status for_each_key(sql::Connection& connection, const std::function<Status(Key key)>& take);

// The key as a JSON object for audit rows: policy, life, and of each secret id, preview, last4 and
// times. Never a hash.
std::string key_json(const Key& key);

}  // namespace tollgate::store
