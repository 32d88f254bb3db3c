// A key as the admin API shows it (schema Key of api/openapi.yaml). Pure.
#pragma once

#include <string>

#include "base/secret.h"
#include "ledger/ledger.h"

namespace tollgate {

// Never a secret or a hash.
std::string render_key(const KeyView& view);
// With `secret`, which stands in no other answer.
std::string render_key(const KeyView& view, const Secret& secret);

// A key as a change returned it, with the counters of a view that was taken later: policy, secrets
// and status are the key's; a limit keeps its counter whatever its amount.
KeyView view_with_counters(const Key& key, const KeyView& counted, WallTime now);

}  // namespace tollgate
