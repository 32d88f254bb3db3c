// Reads `oidc:`: the provider that people may sign in with (OpenID Connect, SPEC §9).
#pragma once

#include "config/settings.h"
#include "config/yaml_reader.h"

namespace tollgate::config {

// Reads the key `oidc` of the document. What is wrong goes to the document's problems.
void read_oidc(MappingReader& document, Settings& settings);

}  // namespace tollgate::config
