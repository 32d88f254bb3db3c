// Reservation's own: who holds one, and what becomes of one that is dropped.
#include <utility>

#include "ledger/ledger.h"

namespace tollgate {

Reservation::Reservation(Reservation&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      id_(other.id_),
      admitted_at_(other.admitted_at_),
      test_time_(other.test_time_),
      place_(other.place_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  if (ledger_ != nullptr) ledger_->abandon(*this);
  ledger_ = std::exchange(other.ledger_, nullptr);
  id_ = other.id_;
  admitted_at_ = other.admitted_at_;
  test_time_ = other.test_time_;
  place_ = other.place_;
  return *this;
}

Reservation::~Reservation() {
  if (ledger_ != nullptr) ledger_->abandon(*this);
}

}  // namespace tollgate
