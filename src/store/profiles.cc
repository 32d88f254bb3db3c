#include "store/profiles.h"

#include "base/json.h"
#include "domain/profile_json.h"
#include "store/catalogue.h"
#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kSelect =
    "SELECT id, workspace_id, rules, created_at, created_by FROM profiles ";

std::unexpected<Error> no_such_profile() { return not_found("There is no such profile."); }

Result<Profile> read_profile(sql::Statement& row) {
  Profile profile;
  profile.id = ProfileId(std::string(row.text(0)));
  profile.workspace = WorkspaceId(std::string(row.text(1)));
  const auto rules = parse_json(row.text(2));
  profile.created_at = wall_time(row.integer(3));
  profile.created_by = row.text(4);
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!rules) return unreadable("a profile");
  ObjectReader reader(*rules);
  read_profile_rules(reader, profile.rules);
  if (!reader.finish()) return unreadable("a profile's rules");
  return profile;
}

// Refuses a name that another profile of the workspace has.
Status check_name(sql::Connection& connection, const Profile& profile) {
  sql::Statement taken =
      connection.prepare("SELECT 1 FROM profiles WHERE workspace_id = ? AND name = ? AND id <> ?");
  taken.bind(1, profile.workspace.get()).bind(2, profile.rules.name).bind(3, profile.id.get());
  const Result<bool> row = taken.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return {};
  Error error{.code = ErrorCode::kConflict,
              .message = "A profile of the workspace has this name already: choose another name."};
  error.param = "name";
  return std::unexpected(std::move(error));
}

std::string rules_text(const Profile& profile) {
  return json::serialize(profile_rules_json(profile.rules));
}

}  // namespace

Status insert_profile(sql::Connection& connection, const Profile& profile) {
  if (Status free = check_name(connection, profile); !free) return free;
  Status inserted = connection
                        .prepare(
                            "INSERT INTO profiles (id, workspace_id, name, rules, created_at, "
                            "created_by) VALUES (?, ?, ?, ?, ?, ?)")
                        .bind(1, profile.id.get())
                        .bind(2, profile.workspace.get())
                        .bind(3, profile.rules.name)
                        .bind(4, rules_text(profile))
                        .bind(5, micros(profile.created_at))
                        .bind(6, profile.created_by)
                        .run();
  return inserted ? count_change(connection) : inserted;
}

Status update_profile(sql::Connection& connection, const Profile& profile) {
  if (Status free = check_name(connection, profile); !free) return free;
  Status updated = connection.prepare("UPDATE profiles SET name = ?, rules = ? WHERE id = ?")
                       .bind(1, profile.rules.name)
                       .bind(2, rules_text(profile))
                       .bind(3, profile.id.get())
                       .run();
  if (!updated) return updated;
  if (connection.changes() != 1) return no_such_profile();
  return count_change(connection);
}

Status remove_profile(sql::Connection& connection, const ProfileId& id) {
  Status removed = connection.prepare("DELETE FROM profiles WHERE id = ?").bind(1, id.get()).run();
  if (!removed) return removed;
  if (connection.changes() != 1) return no_such_profile();
  return count_change(connection);
}

Result<Profile> find_profile(sql::Connection& connection, const ProfileId& id) {
  sql::Statement select = connection.prepare(std::string(kSelect) + "WHERE id = ?");
  select.bind(1, id.get());
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return no_such_profile();
  return read_profile(select);
}

Result<std::vector<Profile>> list_profiles(sql::Connection& connection) {
  sql::Statement select = connection.prepare(std::string(kSelect) + "ORDER BY number");
  std::vector<Profile> profiles;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    Result<Profile> profile = read_profile(select);
    if (!profile) return std::unexpected(profile.error());
    profiles.push_back(std::move(*profile));
  }
  if (!row) return std::unexpected(row.error());
  return profiles;
}

std::string profile_json(const Profile& profile) {
  json::object out{{"id", profile.id.get()},
                   {"created_at", format_time(profile.created_at)},
                   {"created_by", profile.created_by}};
  for (const auto& [name, value] : profile_rules_json(profile.rules)) out[name] = value;
  return json::serialize(out);
}

}  // namespace tollgate::store
