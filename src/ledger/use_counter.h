// What one secret has been used for, in memory; the store has the same, at most a second behind.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "domain/key.h"

namespace tollgate {

// Any thread. A reader may see a request before its error or its time: they are shown, never added
// up.
struct UseCounter {
  UseCounter() = default;
  explicit UseCounter(const UseCount& from);
  void count_good(WallTime at);
  void count_error(WallTime at);
  UseCount read() const;
  // Of those requests, the admitted ones.
  void note_admitted(WallTime at);
  bool was_admitted_since(WallTime time) const;

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> errors_{0};
  std::atomic<std::int64_t> last_used_us_{kNever};
  std::atomic<std::int64_t> last_admitted_us_{kNever};
};

// A key's use is that of its secrets together.
UseCount operator+(const UseCount& a, const UseCount& b);

}  // namespace tollgate
