// Prices as JSON (SPEC §5): the form that the API, the built-in catalogue, imports and the database
// share. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "domain/price.h"
#include "domain/problem_sink.h"

namespace tollgate {

// The prices that there are, decimal strings of USD: per million tokens {"input","output",
// "cached_input" …}, {"per_request","per_image","per_minute","per_million_characters"}, and "tiers"
// [{"above_input_tokens", "input" …}].
json::object prices_json(const Prices& prices);

// Whether a side of which nothing is said is a mistake, or goes at the other side's price: a
// catalogue states no output price of embeddings, and an absent price is never 0.
enum class PriceSides { kBothStated, kEitherStated };

// What prices_json() writes. An amount may be a string, or a whole number. Prices of tokens alone,
// or of other units alone, or both; there is at least one. Tiers ascend. nullopt where anything is
// wrong, which went to `problem` with `path` before the member's name.
std::optional<Prices> read_prices(const json::value& value, const std::string& path,
                                  PriceSides sides, const ProblemSink& problem);

}  // namespace tollgate
