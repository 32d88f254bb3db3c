#include "ledger/key_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "domain/key_policy.h"
#include "ledger/replays.h"
#include "runtime/async.h"
#include "store/audit.h"
#include "store/keys.h"
#include "store/workspaces.h"

namespace tollgate {
namespace {

std::unexpected<Error> refuse(ErrorCode code, std::string message, std::string param) {
  Error error{.code = code, .message = std::move(message)};
  error.param = std::move(param);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> no_such_key(const KeyId& id) {
  return fail(
      ErrorCode::kNotFound,
      fmt::format("There is no key {} that you may see: list the keys to find its id.", id.get()));
}

Status audit(sql::Connection& connection, const Principal& by, std::string action,
             std::optional<std::string> before, const Key& key, WallTime now) {
  store::AuditEntry entry{.at = now,
                          .actor = by.actor,
                          .action = std::move(action),
                          .object = key.id.get(),
                          .before = std::move(before),
                          .after = store::key_json(key),
                          .from_address = by.from,
                          .workspace = key.workspace};
  Result<store::AuditRow> row = store::append_audit(connection, entry);
  if (!row) return std::unexpected(row.error());
  return {};
}

// The table of live keys takes only what it can read again.
Status readable(const KeyPolicy& policy) {
  for (const std::string& text : policy.allowed_ips) {
    if (Cidr::parse(text)) continue;
    return refuse(ErrorCode::kUnprocessable,
                  fmt::format("allowed_ips: \"{}\" is no address or network.", text),
                  "allowed_ips");
  }
  return {};
}

Status asked(const std::function<Status(sql::Connection&)>& companion,
             sql::Connection& connection) {
  return companion ? companion(connection) : Status();
}

// The playground's secret that another takes the place of: one that ended, or where all the places
// are taken the one that ends first. Null: it takes a new place.
KeySecret* ended_or_first_to_end(Key& key, WallTime now) {
  KeySecret* first = nullptr;
  std::size_t count = 0;
  for (KeySecret& secret : key.secrets) {
    if (secret.purpose != SecretPurpose::kPlayground) continue;
    ++count;
    if (first == nullptr || secret.retires_at <= first->retires_at) first = &secret;
  }
  if (first == nullptr || count >= kPlaygroundSecretsMax || first->retires_at <= now) return first;
  return nullptr;
}

TokenKind kind_of(const KeyPolicy& policy) {
  if (policy.type == KeyType::kManagement) return TokenKind::kManagement;
  return policy.environment == Environment::kSandbox ? TokenKind::kSandbox : TokenKind::kProduction;
}

}  // namespace

Task<Result<KeyWithSecret>> KeyChanges::create(Principal by, WorkspaceId workspace,
                                               KeyPolicy policy,
                                               std::optional<Idempotency> idempotency,
                                               KeyCompanion companion) {
  Work work = [this, by = std::move(by), workspace = std::move(workspace),
               policy = std::move(policy), idempotency = std::move(idempotency),
               companion = std::move(companion)](sql::Connection& connection) {
    return create_now(connection, by, workspace, policy, idempotency, companion);
  };
  return run(std::move(work));
}

Task<Result<Key>> KeyChanges::update(Principal by, KeyId id, Ledger::PolicyEdit edit) {
  Work work = [this, by = std::move(by), id = std::move(id), edit = std::move(edit)](
                  sql::Connection& connection) { return update_now(connection, by, id, edit); };
  return key_of(run(std::move(work)));
}

Task<Result<KeyWithSecret>> KeyChanges::rotate(Principal by, KeyId id, std::chrono::seconds grace,
                                               std::optional<Idempotency> idempotency) {
  Work work = [this, by = std::move(by), id = std::move(id), grace,
               idempotency = std::move(idempotency)](sql::Connection& connection) {
    return rotate_now(connection, by, id, grace, idempotency);
  };
  return run(std::move(work));
}

Task<Result<KeyWithSecret>> KeyChanges::mint_for_playground(
    Principal by, KeyId id, std::optional<Idempotency> idempotency) {
  Work work = [this, by = std::move(by), id = std::move(id),
               idempotency = std::move(idempotency)](sql::Connection& connection) {
    return mint_now(connection, by, id, idempotency);
  };
  return run(std::move(work));
}

Task<Result<Key>> KeyChanges::revoke(Principal by, KeyId id, Ledger::RevokeOptions options,
                                     KeyCompanion companion) {
  const Inflight inflight = options.abort_inflight ? Inflight::kAbort : Inflight::kKeep;
  Work work = [this, by = std::move(by), id = std::move(id), inflight,
               companion = std::move(companion)](sql::Connection& connection) {
    return revoke_now(connection, by, id, inflight, companion);
  };
  return key_of(run(std::move(work)));
}

Task<Result<Key>> KeyChanges::key_of(Task<Result<KeyWithSecret>> changed) {
  Result<KeyWithSecret> answer = co_await std::move(changed);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return std::move(answer->key);
}

Task<Result<KeyWithSecret>> KeyChanges::run(Work work) {
  using Waiter = Callback<Result<KeyWithSecret>>;
  // Lives in this frame, which stays until the job is done and the waiter resumed.
  std::optional<Outcome> outcome;
  auto start = [this, &outcome, &work](Waiter waiter) {
    sql::Job job;
    job.work = [this, &outcome, &work](sql::Connection& connection) -> Status {
      Result<Outcome> result = work(connection);
      if (!result) return std::unexpected(std::move(result.error()));
      outcome.emplace(std::move(*result));
      return learn_limits(connection, *outcome);
    };
    job.done = [this, &outcome, waiter = std::move(waiter)](Status status) mutable {
      if (!status) return waiter(std::unexpected(std::move(status.error())));
      if (outcome->effect == Effect::kChanged) put(*outcome);
      waiter(std::move(outcome->answer));
    };
    tools_.writer.submit(std::move(job));
  };
  co_return co_await from_callback<Result<KeyWithSecret>>(std::move(start));
}

Status KeyChanges::learn_limits(sql::Connection& connection, Outcome& outcome) {
  const Key& key = outcome.answer.key;
  const std::shared_ptr<const LiveKey> live = tools_.keys.find(key.id);
  if (!live || outcome.effect == Effect::kNone) return {};  // a new key has used nothing
  const Moment now{.wall = tools_.clock.wall(), .steady = tools_.clock.steady()};
  const auto offset = tools_.keys.test_clock_offset(key.workspace);
  Result<FreshLimits> fresh = FreshLimits::learn(connection, {limit_owner(key, offset, now)},
                                                 live->key.policy.limits, key.policy.limits);
  if (!fresh) return std::unexpected(std::move(fresh.error()));
  outcome.fresh = std::move(*fresh);
  return {};
}

void KeyChanges::put(Outcome& outcome) {
  const Key& key = outcome.answer.key;
  const bool known = tools_.keys.find(key.id) != nullptr;
  if (outcome.fresh.empty()) {
    tools_.keys.put(key, {}, {}, outcome.inflight);
  } else {
    tools_.settlements.with_unstored([&](std::span<const UsageRow* const> rows) {
      outcome.fresh.add_unstored(rows);
      tools_.keys.put(key, {}, outcome.fresh.use(), outcome.inflight);
    });
  }
  if (!tools_.live.watched()) return;
  KeyChanged changed{.key = key.id};
  if (!known) changed.how = KeyChanged::How::kCreated;
  if (key.revoked_at) changed.how = KeyChanged::How::kRevoked;
  std::vector<LiveEvent> events;
  events.push_back({.workspace = key.workspace, .what = std::move(changed)});
  tools_.live.tell(std::move(events));
}

Result<KeyChanges::Outcome> KeyChanges::create_now(sql::Connection& connection, const Principal& by,
                                                   const WorkspaceId& workspace,
                                                   const KeyPolicy& policy,
                                                   const std::optional<Idempotency>& idempotency,
                                                   const KeyCompanion& companion) {
  const WallTime now = tools_.clock.wall();
  if (by.workspace && *by.workspace != workspace) {
    return fail(ErrorCode::kNotFound, "There is no such workspace that you may see.");
  }
  Result<Workspace> found = store::find_workspace(connection, workspace);
  if (!found) return std::unexpected(found.error());
  Result<std::optional<Outcome>> before = replay(connection, idempotency, now);
  if (!before) return std::unexpected(before.error());
  if (*before) return std::move(**before);

  Status status = readable(policy);
  if (status) status = asked(companion.before, connection);
  if (!status) return std::unexpected(status.error());
  Minted minted = mint(policy, now);
  Key key{.id = KeyId(random_id(tools_.random, "key_")),
          .workspace = workspace,
          .profile = companion.profile,
          .policy = policy,
          .secrets = {std::move(minted.kept)},
          .created_at = now,
          .created_by = by.actor,
          .revoked_at = std::nullopt};
  status = store::insert_key(connection, key);
  if (!status) return std::unexpected(status.error());
  status = audit(connection, by, "key.create", std::nullopt, key, now);
  if (status) status = remember_object(connection, idempotency, key.id.get(), now);
  if (status) status = asked(companion.after, connection);
  if (!status) return std::unexpected(status.error());
  return Outcome{.answer = {.key = std::move(key), .secret = std::move(minted.shown)}};
}

Result<KeyChanges::Outcome> KeyChanges::update_now(sql::Connection& connection, const Principal& by,
                                                   const KeyId& id,
                                                   const Ledger::PolicyEdit& edit) {
  Result<Key> key = visible(connection, by, id);
  if (!key) return std::unexpected(key.error());
  if (key->revoked_at) {
    return fail(ErrorCode::kConflict, "A revoked key cannot be changed: create a new one.");
  }
  const std::string before = store::key_json(*key);
  KeyPolicy policy = key->policy;
  Status status = edit(policy);
  if (!status) return std::unexpected(status.error());
  if (policy == key->policy) {
    return Outcome{.answer = {.key = std::move(*key), .secret = std::nullopt},
                   .effect = Effect::kNone};
  }
  status = readable(policy);
  if (!status) return std::unexpected(status.error());
  key->policy = std::move(policy);
  status = store::update_key_policy(connection, key->number, key->policy);
  if (!status) return std::unexpected(status.error());
  status = audit(connection, by, "key.update", before, *key, tools_.clock.wall());
  if (!status) return std::unexpected(status.error());
  return Outcome{.answer = {.key = std::move(*key), .secret = std::nullopt}};
}

Result<KeyChanges::Outcome> KeyChanges::rotate_now(sql::Connection& connection, const Principal& by,
                                                   const KeyId& id, std::chrono::seconds grace,
                                                   const std::optional<Idempotency>& idempotency) {
  const WallTime now = tools_.clock.wall();
  if (grace < std::chrono::seconds(0) || grace > kGraceMax) {
    return refuse(ErrorCode::kUnprocessable,
                  fmt::format("grace_seconds must be 0 to {}.", kGraceMax.count()),
                  "grace_seconds");
  }
  Result<Key> key = visible(connection, by, id);
  if (!key) return std::unexpected(key.error());
  Result<std::optional<Outcome>> earlier = replay(connection, idempotency, now);
  if (!earlier) return std::unexpected(earlier.error());
  if (*earlier) return std::move(**earlier);
  if (key->revoked_at) {
    return fail(ErrorCode::kConflict, "A revoked key cannot be rotated: create a new one.");
  }

  const std::string before = store::key_json(*key);
  Status status = retire_secrets(connection, *key, grace, now);
  if (!status) return std::unexpected(status.error());
  Minted minted = mint(key->policy, now);
  status = store::insert_secret(connection, key->number, minted.kept);
  if (!status) return std::unexpected(status.error());
  key->secrets.insert(key->secrets.begin(), std::move(minted.kept));
  status = audit(connection, by, "key.rotate", before, *key, now);
  if (status) status = remember_object(connection, idempotency, key->id.get(), now);
  if (!status) return std::unexpected(status.error());
  return Outcome{.answer = {.key = std::move(*key), .secret = std::move(minted.shown)}};
}

Status KeyChanges::may_call(const Key& key, WallTime now) const {
  if (key.policy.type == KeyType::kManagement) {
    return fail(ErrorCode::kConflict, "A management key calls no model: choose another key.");
  }
  WallTime local = now;
  if (key.policy.environment == Environment::kSandbox) {
    local += tools_.keys.test_clock_offset(key.workspace);
  }
  switch (key_status(key, local)) {
    case KeyStatus::kRevoked:
      return fail(ErrorCode::kConflict, "A revoked key calls no model: choose another key.");
    case KeyStatus::kExpired:
      return fail(ErrorCode::kConflict,
                  "This key expired: move its expiry, or choose another key.");
    case KeyStatus::kDisabled:
      return fail(ErrorCode::kConflict,
                  "This key is switched off: switch it on, or choose another key.");
    case KeyStatus::kLimited:
    case KeyStatus::kActive:
      return {};
  }
  return {};
}

Result<std::optional<KeyChanges::Outcome>> KeyChanges::minted_before(
    sql::Connection& connection, const Key& key, const std::optional<Idempotency>& idempotency,
    WallTime now) const {
  auto made = replayed_object(connection, idempotency, now);
  if (!made) return std::unexpected(made.error());
  if (!*made) return std::nullopt;
  const auto same = [&before = **made](const KeySecret& secret) {
    return secret.id.get() == before.id && secret.created_at == before.at;
  };
  if (std::ranges::none_of(key.secrets, same)) {
    return fail(ErrorCode::kConflict,
                "The secret that this call made has ended, and another has its place: ask for one "
                "with a new Idempotency-Key.");
  }
  return Outcome{
      .answer = {.key = key, .secret = std::nullopt, .minted = SecretId(std::move((*made)->id))},
      .effect = Effect::kNone};
}

Result<KeyChanges::Outcome> KeyChanges::mint_now(sql::Connection& connection, const Principal& by,
                                                 const KeyId& id,
                                                 const std::optional<Idempotency>& idempotency) {
  const WallTime now = tools_.clock.wall();
  Result<Key> key = visible(connection, by, id);
  if (!key) return std::unexpected(key.error());
  Result<std::optional<Outcome>> earlier = minted_before(connection, *key, idempotency, now);
  if (!earlier) return std::unexpected(earlier.error());
  if (*earlier) return std::move(**earlier);
  Status status = may_call(*key, now);
  if (!status) return std::unexpected(status.error());

  const std::string before = store::key_json(*key);
  Minted minted = mint(key->policy, now);
  minted.kept.purpose = SecretPurpose::kPlayground;
  minted.kept.retires_at = now + kPlaygroundLife;
  if (KeySecret* place = ended_or_first_to_end(*key, now)) {
    minted.kept.id = place->id;
    minted.kept.number = place->number;
    *place = minted.kept;
    status = store::renew_secret(connection, *place);
  } else {
    status = store::insert_secret(connection, key->number, minted.kept);
    key->secrets.insert(key->secrets.begin(), minted.kept);
  }
  if (status) status = audit(connection, by, "key.playground", before, *key, now);
  if (status) status = remember_object(connection, idempotency, minted.kept.id.get(), now);
  if (!status) return std::unexpected(status.error());
  return Outcome{.answer = {.key = std::move(*key),
                            .secret = std::move(minted.shown),
                            .minted = std::move(minted.kept.id)}};
}

Result<KeyChanges::Outcome> KeyChanges::revoke_now(sql::Connection& connection, const Principal& by,
                                                   const KeyId& id, Inflight inflight,
                                                   const KeyCompanion& companion) {
  Result<Key> key = visible(connection, by, id);
  if (!key) return std::unexpected(key.error());
  if (key->revoked_at) {
    // Where the table does not know it yet (a commit whose outcome was unclear), it learns it now.
    const std::shared_ptr<const LiveKey> live = tools_.keys.find(id);
    if (!live || live->key.revoked_at) {
      return fail(ErrorCode::kConflict, "This key is revoked already.");
    }
    return Outcome{.answer = {.key = std::move(*key), .secret = std::nullopt},
                   .inflight = inflight};
  }
  const WallTime now = tools_.clock.wall();
  const std::string before = store::key_json(*key);
  key->revoked_at = now;
  Status status = asked(companion.before, connection);
  if (status) status = store::set_key_revoked(connection, key->number, now);
  if (status) status = audit(connection, by, "key.revoke", before, *key, now);
  if (status) status = asked(companion.after, connection);
  if (!status) return std::unexpected(status.error());
  return Outcome{.answer = {.key = std::move(*key), .secret = std::nullopt}, .inflight = inflight};
}

Result<Key> KeyChanges::visible(sql::Connection& connection, const Principal& by,
                                const KeyId& id) const {
  Result<Key> key = store::find_key(connection, id);
  if (!key) {
    if (key.error().code == ErrorCode::kNotFound) return no_such_key(id);
    return key;
  }
  if (by.workspace && *by.workspace != key->workspace) return no_such_key(id);
  return key;
}

Result<std::optional<KeyChanges::Outcome>> KeyChanges::replay(
    sql::Connection& connection, const std::optional<Idempotency>& idempotency,
    WallTime now) const {
  auto made = replayed_object(connection, idempotency, now);
  if (!made) return std::unexpected(made.error());
  if (!*made) return std::nullopt;
  Result<Key> key = store::find_key(connection, KeyId((*made)->id));
  if (!key) return std::unexpected(key.error());
  return Outcome{.answer = {.key = std::move(*key), .secret = std::nullopt},
                 .effect = Effect::kNone};
}

Status KeyChanges::retire_secrets(sql::Connection& connection, Key& key, std::chrono::seconds grace,
                                  WallTime now) const {
  const std::size_t current = current_secret_index(key);
  for (KeySecret& secret : key.secrets) {
    if (secret.retires_at && *secret.retires_at <= now) continue;
    if (secret.purpose == SecretPurpose::kClient) {
      const bool newest = &secret == &key.secrets[current];
      secret.retires_at = newest ? now + grace : now;
    } else {  // no longer than the secret that it stood in for
      secret.retires_at = std::min(secret.retires_at.value_or(now), now + grace);
    }
    Status status = store::set_secret_retires_at(connection, secret.number, *secret.retires_at);
    if (!status) return status;
  }
  return {};
}

KeyChanges::Minted KeyChanges::mint(const KeyPolicy& policy, WallTime now) const {
  Minted minted;
  minted.shown = tools_.token_format.mint(kind_of(policy), tools_.random);
  const std::string_view token = minted.shown.expose();
  minted.kept = {.id = SecretId(random_id(tools_.random, "sec_")),
                 .number = 0,
                 .hash = token_hash(token),
                 .preview = token_preview(token),
                 .last4 = token_last4(token),
                 .created_at = now,
                 .retires_at = std::nullopt};
  return minted;
}

}  // namespace tollgate
