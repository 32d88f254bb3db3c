// What operators write about providers: the bodies of create and edit, read strictly, with every
// problem reported at once. Pure.
//
// Each is kInvalidRequest when the body is no JSON, else kUnprocessable with every problem.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "domain/offer.h"

namespace tollgate {

// A provider with what it was told to offer.
struct ProviderDefinition {
  Provider provider;
  std::vector<Offer> offers;
};

// With "id". Without "models" a provider of a preset offers all that is known of it.
Result<ProviderDefinition> parse_provider_create(std::string_view body);

// The JSON of an edit, to be applied to the provider as it stands when its turn comes.
Result<json::value> parse_provider_edit(std::string_view body);
// "models" replaces the whole list; null gives back to the preset what it offers.
Result<ProviderDefinition> apply_provider_edit(const json::value& edit, ProviderDefinition current);

// {"model": ID}, or nothing.
Result<std::optional<std::string>> parse_provider_test(std::string_view body);

}  // namespace tollgate
