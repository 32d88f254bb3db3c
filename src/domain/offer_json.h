// Offers as JSON (SPEC §1 "offer"): the form that the API, imports and the database share. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "domain/offer.h"
#include "domain/problem_sink.h"

namespace tollgate {

inline constexpr std::size_t kUpstreamModelLengthMax = 200;
inline constexpr std::size_t kOffersMax = 5'000;  // of one provider

// What was told, null for what was not:
// {"upstream_model","region","context_window","max_output_tokens","image_tokens_max",
//  "audio_seconds_max","max_tokens_field","grid_carbon_grams_per_kwh","prices"}
// without the model and the provider, which stand around it. `prices` is null where they are the
// built-in catalogue's.
json::object offer_json(const Offer& offer);

// Reads the members that stand in `reader` onto `offer` and notes what is wrong with them. Null
// takes back what was told; of `prices` it means the built-in catalogue's. Unknown members are for
// the reader's finish().
void read_offer(ObjectReader& reader, Offer& offer);

// The member `name`: a list of {"id": MODEL, …offer}, each with the provider's id. What is absent
// in one is not told.
std::vector<Offer> read_offers(ObjectReader& reader, std::string_view name,
                               const Provider& provider);

// Where ObjectReader keeps its problems.
ProblemSink problems_of(ObjectReader& reader);

}  // namespace tollgate
