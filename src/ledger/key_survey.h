// How the keys do, from memory: found by one walk of all of them, for reader threads.
#pragma once

#include "base/clock.h"
#include "ledger/ledger.h"
#include "ledger/live_keys.h"

namespace tollgate {

// As Ledger::survey_keys().
Ledger::KeySurvey survey_keys(const LiveKeys& keys, WallTime now,
                              const Ledger::KeySurveyQuery& query);

}  // namespace tollgate
