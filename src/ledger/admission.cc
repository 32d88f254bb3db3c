#include "ledger/admission.h"

#include "base/check.h"

namespace tollgate {

ErrorCode refusal_code(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kBoundMissing:
      break;
    case RefusalReason::kNoCredits:
      return ErrorCode::kInsufficientCredits;
    case RefusalReason::kInFlight:
      return ErrorCode::kLimitInFlight;
    case RefusalReason::kRate:
      return ErrorCode::kRateLimitExceeded;
    case RefusalReason::kAboveLimit:
    case RefusalReason::kSpent:
      return ErrorCode::kLimitExceeded;
  }
  bug("a missing bound is not for a client", std::source_location::current());
}

}  // namespace tollgate
