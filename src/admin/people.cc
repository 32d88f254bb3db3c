#include "admin/people.h"

namespace tollgate {

std::string SetupLink::make(Random& random) {
  constexpr int kTokenLength = 32;  // 165 bits
  std::string token = random_id(random, "setup_", kTokenLength);
  Lock lock(mutex_);
  hash_ = sha256(token);
  return token;
}

bool SetupLink::is(std::string_view token) {
  const Sha256 hash = sha256(token);
  Lock lock(mutex_);
  return hash_ == hash;
}

void SetupLink::close() {
  Lock lock(mutex_);
  hash_.reset();
}

bool LogPace::is_due(std::string_view kind) {
  const SteadyTime now = clock_.steady();
  Lock lock(mutex_);
  const auto last = last_.find(kind);
  if (last == last_.end()) {
    last_.emplace(kind, now);
    return true;
  }
  if (now - last->second < kInterval) return false;
  last->second = now;
  return true;
}

}  // namespace tollgate
