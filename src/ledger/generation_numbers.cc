#include "ledger/generation_numbers.h"

#include <algorithm>

namespace tollgate {
namespace {

constexpr WallTime kEpoch = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
constexpr int kCounterBits = 10;

}  // namespace

GenerationNumber GenerationNumbers::next() {
  const GenerationNumber now = (clock_.wall() - kEpoch).count() << kCounterBits;
  GenerationNumber last = last_.load(std::memory_order_relaxed);
  GenerationNumber number = std::max(last + 1, now);
  while (!last_.compare_exchange_weak(last, number, std::memory_order_relaxed)) {
    number = std::max(last + 1, now);
  }
  return number;
}

}  // namespace tollgate
