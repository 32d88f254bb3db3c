// Reads `providers:` into the catalogue: accounts, credentials, models, prices (SPEC §5, §12).
#pragma once

#include "config/settings.h"
#include "config/yaml_reader.h"

namespace tollgate::config {

// Reads the key `providers` of the document. What is wrong goes to the document's problems.
void read_providers(MappingReader& document, Settings& settings);

// Reads a model's `prices:` mapping: decimal texts of USD per million tokens (or per one request,
// image, minute). Input and output are required, 0 is a price.
Prices read_prices(const YAML::Node& node, const std::string& path, const YamlSource& source);

}  // namespace tollgate::config
