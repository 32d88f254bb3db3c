// Presets: the providers that everybody knows. Naming one gives a provider its dialect, its address
// and, from the built-in catalogue, its models with their prices. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/offer.h"

namespace tollgate {

// Whether a provider of the preset can do without a credential.
enum class CredentialNeed { kRequired, kOptional };

struct Preset {
  std::string_view name;   // what `preset:` says
  std::string_view title;  // for people
  Dialect dialect;
  // Where it is; empty: every account or machine has its own.
  std::string_view base_url;
  // Where max_tokens goes in a request that names none.
  std::string_view max_tokens_field;
  CredentialNeed credential;
  // A price list calls the provider so (LiteLLM's litellm_provider).
  std::string_view listed_as;
  // Before a slash, where a model's name at the provider has none: who made the model.
  std::string_view creator;
};

std::span<const Preset> presets();
// nullptr when there is none.
const Preset* find_preset(std::string_view name);
// "openai, anthropic, …", for messages.
std::string preset_names();

}  // namespace tollgate
