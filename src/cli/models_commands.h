// `tollgate models …` and `tollgate aliases …`: what is offered at which price, facts about models,
// price lists, other names (SPEC §5, §6, §11).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> list_models(const Invocation& invocation);
Outcome<void> get_model(const Invocation& invocation);
// Facts of the model; with --provider, its offer there.
Outcome<void> set_model(const Invocation& invocation);
// Takes back what `set` said.
Outcome<void> reset_model(const Invocation& invocation);
Outcome<void> import_models(const Invocation& invocation);

Outcome<void> list_aliases(const Invocation& invocation);
Outcome<void> set_alias(const Invocation& invocation);
Outcome<void> remove_alias(const Invocation& invocation);

}  // namespace tollgate::cli
