// Where the generation numbers stand, for the start: new ones must lie above every one in use.
#pragma once

#include "base/error.h"
#include "domain/usage_row.h"
#include "sql/connection.h"

namespace tollgate::store {

// The greatest id that a usage row has, or had before it was removed; 0 when there was none.
Result<GenerationNumber> last_generation(sql::Connection& connection);

}  // namespace tollgate::store
