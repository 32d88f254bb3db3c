#include "admin/profiles.h"

#include <algorithm>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/catalogue_changes.h"
#include "admin/catalogue_json.h"
#include "admin/json_fields.h"
#include "admin/key_json.h"
#include "admin/request_body.h"
#include "admin/sessions.h"
#include "domain/profile_json.h"
#include "store/keys.h"
#include "store/profiles.h"

namespace tollgate {

namespace {

std::unexpected<Error> no_such_profile() {
  return fail(ErrorCode::kNotFound,
              "There is no such profile that you may see: list them to find its id.");
}

std::string render_profile(const Profile& profile, const std::string& key) {
  JsonFields fields;
  fields.text("id", profile.id.get()).text("workspace_id", profile.workspace.get());
  for (const auto& [name, value] : profile_rules_json(profile.rules)) {
    fields.raw(name, json::serialize(value));
  }
  return fields.raw("key", key)
      .time("created_at", profile.created_at)
      .text("created_by", profile.created_by)
      .text("source", profile.source)
      .finish();
}

// Profiles with the keys they have, as they stand in the store.
struct StoredProfiles {
  std::vector<Profile> profiles;
  std::map<ProfileId, KeyId> keys;
};

Result<StoredProfiles> load_profiles(sql::Connection& connection) {
  StoredProfiles out;
  Result<std::vector<Profile>> profiles = store::list_profiles(connection);
  if (!profiles) return std::unexpected(profiles.error());
  Result<std::map<ProfileId, KeyId>> keys = store::live_profile_keys(connection);
  if (!keys) return std::unexpected(keys.error());
  out.profiles = std::move(*profiles);
  out.keys = std::move(*keys);
  return out;
}

Task<Result<StoredProfiles>> read_profiles(const AdminCall& call) {
  std::function<Result<StoredProfiles>(sql::Connection&)> work = load_profiles;
  return call.context.ledger.read(std::move(work));
}

bool may_see(const AdminCall& call, const Profile& profile) {
  return !call.workspace || *call.workspace == profile.workspace;
}

// Its key as it counts by now; "null" where it has none.
std::string key_of(const AdminCall& call, const StoredProfiles& stored, const ProfileId& id) {
  const auto at = stored.keys.find(id);
  if (at == stored.keys.end()) return "null";
  const Result<KeyView> view = call.context.ledger.key(at->second, std::nullopt);
  return view ? render_key(*view) : "null";
}

Task<Result<net::Response>> answer_profile(const AdminCall& call, ProfileId id) {
  const Result<StoredProfiles> stored = co_await read_profiles(call);
  if (!stored) co_return std::unexpected(stored.error());
  for (const Profile& profile : stored->profiles) {
    if (profile.id != id || !may_see(call, profile)) continue;
    co_return json_answer(render_profile(profile, key_of(call, *stored, id)));
  }
  co_return no_such_profile();
}

// The profile, if the caller may see it.
Result<Profile> visible(sql::Connection& connection, const ProfileId& id,
                        const std::optional<WorkspaceId>& within) {
  Result<Profile> profile = store::find_profile(connection, id);
  if (!profile && profile.error().code == ErrorCode::kNotFound) return no_such_profile();
  if (profile && within && profile->workspace != *within) return no_such_profile();
  return profile;
}

void check_rules(ObjectReader& reader, const ProfileRules& rules) {
  for (PolicyProblem& problem : validate_profile(rules)) {
    reader.problem(problem.param, std::move(problem.message));
  }
}

struct NewProfile {
  ProfileRules rules;
  Environment environment = Environment::kProduction;  // of its key
};

Result<NewProfile> parse_profile_create(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  NewProfile made;
  if (const auto name = reader.string("environment")) {
    const auto environment = environment_from_name(*name);
    if (environment) made.environment = *environment;
    if (!environment) reader.problem("environment", "must be production or sandbox");
  }
  read_profile_rules(reader, made.rules);
  check_rules(reader, made.rules);
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return made;
}

// Its key is called like the profile, and may be renamed; all that it may do is the profile's to
// say.
KeyPolicy key_policy_of(const NewProfile& made) {
  KeyPolicy policy;
  policy.name = made.rules.name;
  policy.description = "The key of a routing profile";
  policy.type = KeyType::kProfile;
  policy.environment = made.environment;
  return policy;
}

using Stored = std::shared_ptr<std::optional<store::SealedCatalogue>>;

// What the transaction leaves, for who brings it into force.
std::function<Status(sql::Connection&)> keep_catalogue(const AdminContext& context, Stored into) {
  return [&context, into](sql::Connection& connection) -> Status {
    auto stored = checked_catalogue(connection, context.catalogue);
    if (!stored) return std::unexpected(stored.error());
    into->emplace(std::move(*stored));
    return {};
  };
}

Status insert_now(sql::Connection& connection, const Principal& by, const Profile& profile) {
  if (Status made = store::insert_profile(connection, profile); !made) return made;
  return audit_change(connection, by,
                      {.action = "profile.create",
                       .object = profile.id.get(),
                       .after = store::profile_json(profile),
                       .workspace = profile.workspace},
                      profile.created_at);
}

Status update_now(sql::Connection& connection, const Principal& by, const Profile& before,
                  const json::value& edit, WallTime now) {
  Profile after = before;
  ObjectReader reader(edit);
  read_profile_rules(reader, after.rules);
  check_rules(reader, after.rules);
  if (Status sound = reader.finish(); !sound) return sound;
  if (after == before) return {};
  if (Status done = store::update_profile(connection, after); !done) return done;
  return audit_change(connection, by,
                      {.action = "profile.update",
                       .object = after.id.get(),
                       .before = store::profile_json(before),
                       .after = store::profile_json(after),
                       .workspace = after.workspace},
                      now);
}

Status remove_now(sql::Connection& connection, const Principal& by, const Profile& profile,
                  WallTime now) {
  if (Status removed = store::remove_profile(connection, profile.id); !removed) return removed;
  return audit_change(connection, by,
                      {.action = "profile.delete",
                       .object = profile.id.get(),
                       .before = store::profile_json(profile),
                       .workspace = profile.workspace},
                      now);
}

// A profile that has no key, or lost it meanwhile.
Task<Status> remove_keyless(const AdminCall& call, Profile profile) {
  CatalogueChange<int> change =
      [by = call.by, profile = std::move(profile),
       now = call.context.clock.wall()](sql::Connection& connection) -> Result<int> {
    if (Status done = remove_now(connection, by, profile, now); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return Status{};
}

Task<Status> remove_with_key(const AdminCall& call, Profile profile, KeyId key) {
  const Stored stored = std::make_shared<std::optional<store::SealedCatalogue>>();
  KeyCompanion companion{
      .before =
          [by = call.by, profile, now = call.context.clock.wall()](sql::Connection& connection) {
            return remove_now(connection, by, profile, now);
          },
      .after = keep_catalogue(call.context, stored)};
  const auto revoked =
      co_await call.context.ledger.revoke_key(call.by, std::move(key), {}, std::move(companion));
  // Revoked by somebody else in between: told so, or, in the same commit, as if by this call, whose
  // companion then was not asked.
  const bool by_another =
      revoked ? !stored->has_value() : revoked.error().code == ErrorCode::kConflict;
  if (by_another) co_return co_await remove_keyless(call, std::move(profile));
  if (!revoked) co_return std::unexpected(revoked.error());
  co_return co_await bring_into_force(call, std::move(**stored));
}

}  // namespace

Task<Result<net::Response>> list_profiles(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) co_return std::unexpected(limit.error());
  const std::string cursor = call.query.take("cursor").value_or("");
  const auto name = call.query.take("name");
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const Result<StoredProfiles> stored = co_await read_profiles(call);
  if (!stored) co_return std::unexpected(stored.error());
  std::vector<const Profile*> seen;
  std::vector<std::string> ids;
  for (const Profile& profile : stored->profiles) {
    if (!may_see(call, profile) || (name && profile.rules.name != *name)) continue;
    seen.push_back(&profile);
    ids.push_back(profile.id.get());
  }
  const auto range = page_range(ids, cursor, *limit);
  if (!range) co_return std::unexpected(range.error());
  std::vector<std::string> rows;
  for (std::size_t i = range->first; i < range->end; ++i) {
    rows.push_back(render_profile(*seen[i], key_of(call, *stored, seen[i]->id)));
  }
  co_return json_answer(page_json(rows, range->next_cursor));
}

Task<Result<net::Response>> get_profile(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  co_return co_await answer_profile(call, ProfileId(call.id));
}

Task<Result<net::Response>> create_profile(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto idempotency = idempotency_of(call.exchange.head(), call.by, *body);
  if (!idempotency) co_return std::unexpected(idempotency.error());
  const auto asked = parse_profile_create(*body);
  if (!asked) co_return std::unexpected(asked.error());

  Profile profile;
  profile.id = ProfileId(random_id(call.context.random, "prof_"));
  profile.workspace = one_workspace(call);
  profile.rules = asked->rules;
  profile.created_at = call.context.clock.wall();
  profile.created_by = call.by.actor;
  const Stored stored = std::make_shared<std::optional<store::SealedCatalogue>>();
  KeyCompanion companion{
      .profile = profile.id,
      .before = [by = call.by, profile](
                    sql::Connection& connection) { return insert_now(connection, by, profile); },
      .after = keep_catalogue(call.context, stored)};
  auto made =
      co_await call.context.ledger.create_key(call.by, profile.workspace, key_policy_of(*asked),
                                              std::move(*idempotency), std::move(companion));
  if (!made) co_return std::unexpected(made.error());
  if (!made->secret) {  // made before, and answered once more
    auto response = co_await answer_profile(call, made->key.profile);
    if (response) response->fields.emplace_back("Idempotent-Replayed", "true");
    co_return response;
  }
  if (Status in_force = co_await bring_into_force(call, std::move(**stored)); !in_force) {
    co_return std::unexpected(in_force.error());
  }
  const auto counted = call.context.ledger.key(made->key.id, std::nullopt);
  const KeyView view =
      view_with_counters(made->key, counted.value_or(KeyView()), call.context.clock.wall());
  net::Response response = json_answer(render_profile(profile, render_key(view, *made->secret)));
  response.status = 201;
  response.fields.emplace_back("Location",
                               std::string(kAdminPrefix) + "profiles/" + profile.id.get());
  co_return response;
}

Task<Result<net::Response>> update_profile(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto edit = parse_json(*body);
  if (!edit) co_return std::unexpected(edit.error());
  const ProfileId id(call.id);
  // On the writer thread, over the rules as they stand then.
  CatalogueChange<int> change =
      [by = call.by, id, within = call.workspace, edit = std::move(*edit),
       now = call.context.clock.wall()](sql::Connection& connection) -> Result<int> {
    const Result<Profile> before = visible(connection, id, within);
    if (!before) return std::unexpected(before.error());
    if (Status done = update_now(connection, by, *before, edit, now); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return co_await answer_profile(call, id);
}

Task<Result<net::Response>> remove_profile(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const Result<StoredProfiles> stored = co_await read_profiles(call);
  if (!stored) co_return std::unexpected(stored.error());
  const auto profile = std::ranges::find(stored->profiles, ProfileId(call.id), &Profile::id);
  if (profile == stored->profiles.end() || !may_see(call, *profile)) co_return no_such_profile();
  const auto key = stored->keys.find(profile->id);
  const Status removed = key == stored->keys.end()
                             ? co_await remove_keyless(call, *profile)
                             : co_await remove_with_key(call, *profile, key->second);
  if (!removed) co_return std::unexpected(removed.error());
  co_return deleted_answer(call.id);
}

}  // namespace tollgate
