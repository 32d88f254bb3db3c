// Facts about models as JSON (SPEC §1 "model"): the form that the API, the configuration, the
// built-in catalogue and the database share. Pure.
#pragma once

#include "base/json.h"
#include "domain/model_facts.h"

namespace tollgate {

// Every member, null for what nobody states:
// {"name","kind","context_window","max_output_tokens","capabilities":{"vision" …},"quality","tier",
//  "tool_calling"}
json::object facts_json(const ModelFacts& facts);

// Reads the members that stand in `reader` onto `facts` and notes what is wrong with them. A null
// takes back what was stated. Unknown members are for the reader's finish().
void read_facts(ObjectReader& reader, ModelFacts& facts);

// `own` where it states something, `beneath` for the rest; id and source are `own`'s.
ModelFacts layered_facts(const ModelFacts& own, const ModelFacts& beneath);

}  // namespace tollgate
