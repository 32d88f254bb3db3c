// A key as the admin API shows it (schema Key of api/openapi.yaml). Pure.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/secret.h"
#include "ledger/ledger.h"

namespace tollgate {

// Never a secret or a hash.
std::string render_key(const KeyView& view);
// With `secret`, which stands in no other answer.
std::string render_key(const KeyView& view, const Secret& secret);

// One secret of the key, which has it, with its token unless this is a replay (schema
// KeySecretWithToken).
std::string render_key_secret(const KeyView& view, const SecretId& id,
                              const std::optional<Secret>& secret);

// A key as a change returned it, with the counters of a view that was taken later. That view
// itself, unless another change came between: then policy and secrets are the key's, and a limit
// keeps its counter whatever its amount. `now` is by the clock of the key's environment.
KeyView view_with_counters(const Key& key, const KeyView& counted, WallTime now);

}  // namespace tollgate
