#include "store/keys.h"

#include <algorithm>

#include "base/json.h"
#include "store/columns.h"
#include "store/limit_columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kKeyColumns =
    "number, id, workspace_id, name, description, icon, environment, type, role, models, region, "
    "enforcement, allowed_ips, expires_at, enabled, prefer_low_carbon, tags, limits, created_at, "
    "created_by, revoked_at, profile_id";
constexpr std::string_view kSecretColumns =
    "number, id, key_number, hash, preview, last4, created_at, retires_at, purpose";

// What the column `purpose` holds.
std::string_view purpose_text(SecretPurpose purpose) {
  return purpose == SecretPurpose::kClient ? std::string_view() : secret_purpose_name(purpose);
}

std::unexpected<Error> name_taken() {
  Error error{.code = ErrorCode::kConflict,
              .message =
                  "An unrevoked key of the workspace has this name already: choose another "
                  "name, or revoke that key first."};
  error.param = "name";
  return std::unexpected(std::move(error));
}

// Binds the 15 columns of a policy at `first` and after.
void bind_policy(sql::Statement& statement, int first, const KeyPolicy& policy) {
  statement.bind(first, policy.name)
      .bind(first + 1, policy.description)
      .bind(first + 2, policy.icon)
      .bind(first + 3, environment_name(policy.environment))
      .bind(first + 4, key_type_name(policy.type))
      .bind(first + 5, role_name(policy.role))
      .bind(first + 6, list_text(policy.models))
      .bind(first + 7, policy.region)
      .bind(first + 8, enforcement_name(policy.enforcement))
      .bind(first + 9, list_text(policy.allowed_ips))
      .bind(first + 10, optional_micros(policy.expires_at))
      .bind(first + 11, policy.enabled ? 1 : 0)
      .bind(first + 12, policy.prefer_low_carbon ? 1 : 0)
      .bind(first + 13, list_text(policy.tags))
      .bind(first + 14, limits_text(policy.limits));
}

Result<KeyPolicy> read_policy(sql::Statement& row, int first) {
  KeyPolicy policy;
  policy.name = row.text(first);
  policy.description = row.text(first + 1);
  policy.icon = row.text(first + 2);
  const auto environment = environment_from_name(row.text(first + 3));
  const auto type = key_type_from_name(row.text(first + 4));
  const auto role = role_from_name(row.text(first + 5));
  const auto enforcement = enforcement_from_name(row.text(first + 8));
  Result<std::vector<std::string>> models = list_values(row.text(first + 6));
  Result<std::vector<std::string>> allowed_ips = list_values(row.text(first + 9));
  Result<std::vector<std::string>> tags = list_values(row.text(first + 13));
  Result<std::vector<Limit>> limits = limits_values(row.text(first + 14));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!environment || !type || !role || !enforcement || !models || !allowed_ips || !tags ||
      !limits) {
    return unreadable("a key's policy");
  }
  policy.environment = *environment;
  policy.type = *type;
  policy.role = *role;
  policy.enforcement = *enforcement;
  policy.models = std::move(*models);
  policy.allowed_ips = std::move(*allowed_ips);
  policy.tags = std::move(*tags);
  policy.limits = std::move(*limits);
  policy.region = row.text(first + 7);
  policy.expires_at = optional_time(row.optional_integer(first + 10));
  policy.enabled = row.integer(first + 11) != 0;
  policy.prefer_low_carbon = row.integer(first + 12) != 0;
  return policy;
}

// Of a row of kKeyColumns, without its secrets.
Result<Key> read_key(sql::Statement& row) {
  Result<KeyPolicy> policy = read_policy(row, 3);
  if (!policy) return std::unexpected(policy.error());
  Key key;
  key.number = row.integer(0);
  key.id = KeyId(std::string(row.text(1)));
  key.workspace = WorkspaceId(std::string(row.text(2)));
  key.policy = std::move(*policy);
  key.created_at = wall_time(row.integer(18));
  key.created_by = row.text(19);
  key.revoked_at = optional_time(row.optional_integer(20));
  key.profile = ProfileId(std::string(row.text(21)));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  return key;
}

Result<KeySecret> read_secret(sql::Statement& row) {
  KeySecret secret;
  secret.number = row.integer(0);
  secret.id = SecretId(std::string(row.text(1)));
  const std::span<const std::uint8_t> hash = row.blob(3);
  if (hash.size() != secret.hash.size()) return unreadable("a secret's hash");
  std::ranges::copy(hash, secret.hash.begin());
  secret.preview = row.text(4);
  secret.last4 = row.text(5);
  secret.created_at = wall_time(row.integer(6));
  secret.retires_at = optional_time(row.optional_integer(7));
  if (const std::string_view purpose = row.text(8); !purpose.empty()) {
    const auto known = secret_purpose_from_name(purpose);
    if (!known) return unreadable("a secret's purpose");
    secret.purpose = *known;
  }
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  return secret;
}

std::string with_columns(std::string_view before, std::string_view columns,
                         std::string_view after) {
  std::string sql(before);
  sql += columns;
  sql += after;
  return sql;
}

}  // namespace

Status insert_key(sql::Connection& connection, Key& key) {
  sql::Statement taken = connection.prepare(
      "SELECT 1 FROM keys WHERE workspace_id = ? AND name = ? AND revoked_at IS NULL");
  taken.bind(1, key.workspace.get()).bind(2, key.policy.name);
  const Result<bool> found = taken.step();
  if (!found) return std::unexpected(found.error());
  if (*found && !key.revoked_at) return name_taken();

  sql::Statement insert = connection.prepare(
      "INSERT INTO keys (id, workspace_id, name, description, icon, environment, type, role, "
      "models, region, enforcement, allowed_ips, expires_at, enabled, prefer_low_carbon, tags, "
      "limits, created_at, created_by, revoked_at, profile_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number");
  insert.bind(1, key.id.get()).bind(2, key.workspace.get());
  bind_policy(insert, 3, key.policy);
  insert.bind(18, micros(key.created_at))
      .bind(19, key.created_by)
      .bind(20, optional_micros(key.revoked_at))
      .bind(21, key.profile.get());
  const Result<std::optional<std::int64_t>> number = single_integer(insert);
  if (!number) return std::unexpected(number.error());
  key.number = number->value_or(0);
  // Newest first in memory, ascending numbers in the table.
  for (auto secret = key.secrets.rbegin(); secret != key.secrets.rend(); ++secret) {
    if (Status added = insert_secret(connection, key.number, *secret); !added) return added;
  }
  return {};
}

Status update_key_policy(sql::Connection& connection, std::int64_t key_number,
                         const KeyPolicy& policy) {
  sql::Statement taken = connection.prepare(
      "SELECT 1 FROM keys k JOIN keys other ON other.workspace_id = k.workspace_id "
      "WHERE k.number = ? AND k.revoked_at IS NULL AND other.name = ? "
      "AND other.revoked_at IS NULL AND other.number <> k.number");
  taken.bind(1, key_number).bind(2, policy.name);
  const Result<bool> found = taken.step();
  if (!found) return std::unexpected(found.error());
  if (*found) return name_taken();

  sql::Statement update = connection.prepare(
      "UPDATE keys SET name = ?, description = ?, icon = ?, environment = ?, type = ?, role = ?, "
      "models = ?, region = ?, enforcement = ?, allowed_ips = ?, expires_at = ?, enabled = ?, "
      "prefer_low_carbon = ?, tags = ?, limits = ? WHERE number = ?");
  bind_policy(update, 1, policy);
  update.bind(16, key_number);
  if (Status updated = update.run(); !updated) return updated;
  if (connection.changes() != 1) return not_found("There is no such key.");
  return {};
}

Status insert_secret(sql::Connection& connection, std::int64_t key_number, KeySecret& secret) {
  sql::Statement insert = connection.prepare(
      "INSERT INTO secrets (id, key_number, hash, preview, last4, created_at, retires_at, purpose) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number");
  insert.bind(1, secret.id.get())
      .bind(2, key_number)
      .bind_blob(3, secret.hash)
      .bind(4, secret.preview)
      .bind(5, secret.last4)
      .bind(6, micros(secret.created_at))
      .bind(7, optional_micros(secret.retires_at))
      .bind(8, purpose_text(secret.purpose));
  const Result<std::optional<std::int64_t>> number = single_integer(insert);
  if (!number) return std::unexpected(number.error());
  secret.number = number->value_or(0);
  return {};
}

Status renew_secret(sql::Connection& connection, const KeySecret& secret) {
  Status updated = connection
                       .prepare(
                           "UPDATE secrets SET hash = ?, preview = ?, last4 = ?, created_at = ?, "
                           "retires_at = ? WHERE number = ?")
                       .bind_blob(1, secret.hash)
                       .bind(2, secret.preview)
                       .bind(3, secret.last4)
                       .bind(4, micros(secret.created_at))
                       .bind(5, optional_micros(secret.retires_at))
                       .bind(6, secret.number)
                       .run();
  if (!updated) return updated;
  if (connection.changes() != 1) return not_found("There is no such secret.");
  return {};
}

Status set_secret_retires_at(sql::Connection& connection, std::int64_t secret_number, WallTime at) {
  Status updated = connection.prepare("UPDATE secrets SET retires_at = ? WHERE number = ?")
                       .bind(1, micros(at))
                       .bind(2, secret_number)
                       .run();
  if (!updated) return updated;
  if (connection.changes() != 1) return not_found("There is no such secret.");
  return {};
}

Status set_key_revoked(sql::Connection& connection, std::int64_t key_number, WallTime at) {
  Status updated =
      connection.prepare("UPDATE keys SET revoked_at = ? WHERE number = ? AND revoked_at IS NULL")
          .bind(1, micros(at))
          .bind(2, key_number)
          .run();
  if (!updated) return updated;
  if (connection.changes() != 1) return not_found("There is no such key.");
  return {};
}

Result<Key> find_key(sql::Connection& connection, const KeyId& id) {
  sql::Statement select =
      connection.prepare(with_columns("SELECT ", kKeyColumns, " FROM keys WHERE id = ?"));
  select.bind(1, id.get());
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return not_found("There is no such key.");
  Result<Key> key = read_key(select);
  if (!key) return key;

  sql::Statement secrets = connection.prepare(with_columns(
      "SELECT ", kSecretColumns, " FROM secrets WHERE key_number = ? ORDER BY number DESC"));
  secrets.bind(1, key->number);
  Result<bool> more = secrets.step();
  for (; more && *more; more = secrets.step()) {
    Result<KeySecret> secret = read_secret(secrets);
    if (!secret) return std::unexpected(secret.error());
    key->secrets.push_back(std::move(*secret));
  }
  if (!more) return std::unexpected(more.error());
  return key;
}

Result<std::map<ProfileId, KeyId>> live_profile_keys(sql::Connection& connection) {
  sql::Statement select = connection.prepare(
      "SELECT profile_id, id FROM keys WHERE profile_id <> '' AND revoked_at IS NULL");
  std::map<ProfileId, KeyId> keys;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    keys.emplace(std::string(select.text(0)), std::string(select.text(1)));
  }
  if (!row) return std::unexpected(row.error());
  return keys;
}

Status for_each_key(sql::Connection& connection, const std::function<Status(Key key)>& take) {
  // Two walks side by side: 100,000 look-ups would take longer than both together.
  sql::Statement keys =
      connection.prepare(with_columns("SELECT ", kKeyColumns, " FROM keys ORDER BY number"));
  sql::Statement secrets = connection.prepare(
      with_columns("SELECT ", kSecretColumns, " FROM secrets ORDER BY key_number, number DESC"));
  Result<bool> more = secrets.step();
  Result<bool> row = keys.step();
  for (; row && *row; row = keys.step()) {
    Result<Key> key = read_key(keys);
    if (!key) return std::unexpected(key.error());
    for (; more && *more && secrets.integer(2) == key->number; more = secrets.step()) {
      Result<KeySecret> secret = read_secret(secrets);
      if (!secret) return std::unexpected(secret.error());
      key->secrets.push_back(std::move(*secret));
    }
    if (!more) return std::unexpected(more.error());
    if (Status taken = take(std::move(*key)); !taken) return taken;
  }
  if (!row) return std::unexpected(row.error());
  if (*more) return unreadable("a secret of no key");
  return {};
}

namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

// For what is JSON already.
void append_raw(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  out += value;
}

void append_time(std::string& out, std::string_view name, const std::optional<WallTime>& time) {
  append_raw(out, name, time ? json_string(format_time(*time)) : std::string("null"));
}

std::string secrets_json(const std::vector<KeySecret>& secrets) {
  std::string out = "[";
  for (const KeySecret& secret : secrets) {
    if (out.size() > 1) out += ',';
    out += '{';
    append_member(out, "id", secret.id.get());
    append_member(out, "purpose", secret_purpose_name(secret.purpose));
    append_member(out, "prefix", secret.preview);
    append_member(out, "last4", secret.last4);
    append_time(out, "created_at", secret.created_at);
    append_time(out, "retires_at", secret.retires_at);
    out += '}';
  }
  out += ']';
  return out;
}

}  // namespace

std::string key_json(const Key& key) {
  const KeyPolicy& policy = key.policy;
  std::string out = "{";
  append_member(out, "id", key.id.get());
  append_member(out, "workspace", key.workspace.get());
  if (!key.profile.empty()) append_member(out, "profile", key.profile.get());
  append_member(out, "name", policy.name);
  append_member(out, "description", policy.description);
  append_member(out, "icon", policy.icon);
  append_member(out, "environment", environment_name(policy.environment));
  append_member(out, "type", key_type_name(policy.type));
  append_member(out, "role", role_name(policy.role));
  append_raw(out, "models", list_text(policy.models));
  append_member(out, "region", policy.region);
  append_raw(out, "limits", limits_text(policy.limits));
  append_member(out, "enforcement", enforcement_name(policy.enforcement));
  append_raw(out, "allowed_ips", list_text(policy.allowed_ips));
  append_time(out, "expires_at", policy.expires_at);
  append_raw(out, "enabled", policy.enabled ? "true" : "false");
  append_raw(out, "prefer_low_carbon", policy.prefer_low_carbon ? "true" : "false");
  append_raw(out, "tags", list_text(policy.tags));
  append_time(out, "created_at", key.created_at);
  append_member(out, "created_by", key.created_by);
  append_time(out, "revoked_at", key.revoked_at);
  append_raw(out, "secrets", secrets_json(key.secrets));
  out += '}';
  return out;
}

}  // namespace tollgate::store
