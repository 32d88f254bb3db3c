// Profiles' rules as JSON (SPEC §6): the form that the API, the configuration, the audit log and
// the database share. Pure.
#pragma once

#include "base/json.h"
#include "domain/profile.h"

namespace tollgate {

// Every member, each time:
// {"name","description","strategy","tier_floor","tier_ceiling","capabilities","cost_cap",
//  "min_tool_calling","region","models","honor_model"}
// `strategy` is a name, or the ordered list itself; `capabilities` {"vision","file","tools",
// "audio","video"} of booleans; `cost_cap` a decimal string of USD, or null.
json::object profile_rules_json(const ProfileRules& rules);

// Reads the members that stand in `reader` onto `rules` and notes what is wrong with them: all
// members of a new profile, some of a change. A null `cost_cap` takes it away. What the values mean
// together is validate_profile()'s; unknown members are for the reader's finish().
void read_profile_rules(ObjectReader& reader, ProfileRules& rules);

}  // namespace tollgate
