// POST /admin/v1/models/import: many offers with their prices at once, as a price list gives them,
// and what the list says of the models (SPEC §5, §9). Idempotent: what is there already, told or
// built in, is left alone.
#pragma once

#include <string>
#include <vector>

#include "admin/admin.h"
#include "base/error.h"
#include "domain/offer.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// The most offers of one call.
inline constexpr std::size_t kImportOffersMax = 1'000;

Task<Result<net::Response>> import_models(AdminCall& call);

}  // namespace tollgate
