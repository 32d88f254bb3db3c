// Providers as JSON (SPEC §1 "provider"): what the API, the audit log and the database say of them,
// and what an operator may write. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "domain/offer.h"
#include "domain/policy_problem.h"

namespace tollgate {

inline constexpr std::size_t kProviderIdLengthMax = 64;
inline constexpr std::size_t kHeadersMax = 32;
inline constexpr std::size_t kHeaderValueLengthMax = 4'096;
inline constexpr std::int64_t kConnectionsMax = 100'000;
inline constexpr std::int64_t kGridCarbonMax = 100'000;

// Every setting but the id and what is secret, of which it says only that it is there:
// {"preset","dialect","base_url","api_version","region","api_key_set","header_names","deadlines",
//  "connections_max","grid_carbon_grams_per_kwh","allow_private"}
json::object provider_json(const Provider& provider);

// {"api_key","headers"}: what is sealed where it is kept.
json::object provider_secrets_json(const Provider& provider);

// Reads the settings that stand in `reader` onto `provider`, all of a new one or some of a change,
// and notes what is wrong with them: types, bounds, texts. Null takes a setting back. A preset's
// dialect and address hold where none are given with it. What the settings mean together is
// validate_provider()'s; unknown members are for the reader's finish().
void read_provider(ObjectReader& reader, Provider& provider);

// The same of what provider_json() wrote: without what is secret. kInternal unless it is that.
Result<Provider> provider_from_json(const json::value& settings);
// Puts what provider_secrets_json() wrote into the provider; kInternal likewise.
Status read_provider_secrets(const json::value& secrets, Provider& provider);

// What a provider and what it offers break together; empty when they are sound.
std::vector<PolicyProblem> validate_provider(const Provider& provider,
                                             const std::vector<Offer>& offers);

// An offer of which nothing but the provider is told.
Offer untold_offer(const Provider& provider);

inline constexpr std::string_view kUnpricedRule =
    "is missing, and no price of this model is built in; 0 is a price: "
    "{\"input\": \"0\", \"output\": \"0\"}";

// What is wrong with a header of a provider; empty = nothing.
std::string_view header_problem(std::string_view name, std::string_view value);
// What is wrong with a credential; empty = nothing.
std::string_view api_key_problem(std::string_view key);
// Fit for an id or a region: 1–64 of [A-Za-z0-9._-].
bool is_word(std::string_view text);
inline constexpr std::string_view kWordRule = "must be 1–64 letters, digits, '.', '_' or '-'";
// A version of Azure's API, which goes into a URL as it is.
bool is_api_version(std::string_view text);
// The member `region`.
void read_region(ObjectReader& reader, std::string& region);

}  // namespace tollgate
