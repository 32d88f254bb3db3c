// What `tollgate config check` shows: the settings in force, without anything secret.
#pragma once

#include "base/json.h"
#include "config/settings.h"

namespace tollgate {

// Credentials stand as true or false (set or not), header values are left out.
json::object describe_settings(const Settings& settings);

}  // namespace tollgate
