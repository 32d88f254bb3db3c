// A refusal of the budgets as the error that the client gets (SPEC §4): which limit, how much of it
// is left, and when to ask again. Pure.
#pragma once

#include "base/error.h"
#include "ledger/admission.h"
#include "ledger/live_keys.h"

namespace tollgate {

// REQUIRES: not kBoundMissing.
Error refusal_error(const Refusal& refusal);
// The same as an admission has it: nullopt for kBoundMissing.
LiveKeys::Admitted refused(const Refusal& refusal);

}  // namespace tollgate
