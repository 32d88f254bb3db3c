// Reads what the file says of models as such, wherever they are offered: `models:`, facts that are
// stated or corrected, and `aliases:`, other names (SPEC §6).
#pragma once

#include "config/settings.h"
#include "config/yaml_reader.h"

namespace tollgate::config {

// models:
//   - id: acme/large
//     kind: chat
//     capabilities: {vision: true, tools: true}
//     quality: 70
void read_model_facts(MappingReader& document, Settings& settings);

// aliases:
//   auto: tollgate/auto
//   fast/chat: acme/small
void read_aliases(MappingReader& document, Settings& settings);

}  // namespace tollgate::config
