// Routing profiles, as the ledger makes and changes them together with their keys (SPEC §2, §6).
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "domain/profile.h"
#include "sql/connection.h"

namespace tollgate::store {

// kConflict (param "name") when a profile of the workspace has the name.
Status insert_profile(sql::Connection& connection, const Profile& profile);
// Replaces the rules. kConflict as above; kNotFound.
Status update_profile(sql::Connection& connection, const Profile& profile);
Status remove_profile(sql::Connection& connection, const ProfileId& id);  // kNotFound

// By id; kNotFound.
Result<Profile> find_profile(sql::Connection& connection, const ProfileId& id);
// In the order of their making.
Result<std::vector<Profile>> list_profiles(sql::Connection& connection);

// The profile as a JSON object for audit rows.
std::string profile_json(const Profile& profile);

}  // namespace tollgate::store
