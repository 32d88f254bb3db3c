// The whole catalogue of an installation, from what the file says, what was made over the API, and
// what is built in: the one place that knows which goes before which. Pure.
//
// The file's goes before the API's, and that before what is built in. What of the API's is in the
// way of the file is left out as long as it is, never removed: a file that takes a name gives it
// back.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "domain/built_in_catalogue.h"
#include "domain/offer.h"

namespace tollgate {

struct WholeCatalogue {
  Catalogue catalogue;
  // What of the API's is left out, and why: sentences for the log.
  std::vector<std::string> left_out;
};

// Providers: the file's, then the API's of other ids. Facts about a model: stated in the file, else
// over the API, and beneath either the built-in ones. Offers, of each provider: those told, each
// filled up with what is built in for its preset, and, where it offers all of its preset, the
// others that are built in, at the prices of `now`. Offers without a provider, and told ones whose
// prices nobody knows, are left out. Aliases: the file's, then the API's that are no model's id,
// and stand for none.
WholeCatalogue whole_catalogue(const Catalogue& file, const Catalogue& stored,
                               const BuiltInCatalogue& built_in, WallTime now);

}  // namespace tollgate
