// Gives out generation numbers (domain/usage_row.h): time-ordered, never the same twice, also when
// the wall clock steps back or two threads ask in one microsecond. Any thread.
#pragma once

#include <atomic>

#include "base/clock.h"
#include "domain/usage_row.h"

namespace tollgate {

class GenerationNumbers {
 public:
  // `last` = the greatest number in use already; 0 = none.
  GenerationNumbers(const Clock& clock, GenerationNumber last) : clock_(clock), last_(last) {}
  GenerationNumber next();

 private:
  const Clock& clock_;
  std::atomic<GenerationNumber> last_;
};

}  // namespace tollgate
