// A refusal of the budgets as the error that the client gets (SPEC §4): which limit, how much of it
// is left, and when to ask again. Pure.
#pragma once

#include "base/error.h"
#include "ledger/admission.h"
#include "ledger/live_keys.h"

namespace tollgate {

// `balance`: of the workspace, which stands in the details where it is what refused.
// REQUIRES: not kBoundMissing.
Error refusal_error(const Refusal& refusal, const Balance& balance);
// The same as an admission has it: nullopt for kBoundMissing.
LiveKeys::Admitted refused(const Refusal& refusal, const Balance& balance);

}  // namespace tollgate
