// Models, offers and providers as the admin API shows them (schemas Model, Offer and Provider of
// api/openapi.yaml). Never a credential or a configured header. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/key.h"
#include "domain/offer.h"
#include "routing/snapshot.h"

namespace tollgate {

// Where upstreams are (base_url, upstream_model) is for the roles admin and operator.
std::string render_model(const Model& model, Role role);
// One that nobody offers.
std::string render_idle_model(const ModelFacts& facts);
std::string render_provider(const Snapshot& snapshot, const Provider& provider, Role role,
                            const Clock& clock);

// A page of a list that a reload may change between two pages: the cursor is the last id shown.
struct PageRange {
  std::size_t first = 0;
  std::size_t end = 0;
  std::string next_cursor;  // empty at the end
};
// kInvalidRequest when the cursor is none of `ids`.
Result<PageRange> page_range(const std::vector<std::string>& ids, const std::string& cursor,
                             int limit);

}  // namespace tollgate
