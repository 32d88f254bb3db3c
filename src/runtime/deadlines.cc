#include "runtime/deadlines.h"

namespace tollgate {

void Deadline::arm(std::chrono::milliseconds from_now) {
  // now() may be a tick old; one tick more keeps the promise never to be early.
  arm_at(deadlines_.now() + from_now + kDeadlineTick);
}

void Deadline::arm_at(SteadyTime when) {
  when_ = when;
  if (!armed()) deadlines_.armed_.push_back(*this);
}

void Deadline::disarm() {
  if (armed()) hook_.unlink();
}

Deadlines::Deadlines(IoContext& context)
    : timer_(context), now_(std::chrono::steady_clock::now()) {}

void Deadlines::start() {
  stopped_ = false;
  tick();
}

void Deadlines::stop() {
  stopped_ = true;
  timer_.cancel();
}

void Deadlines::tick() {
  now_ = std::chrono::steady_clock::now();
  // Before anything is called: an expiry that ends with a bug must not stop the clock.
  if (!stopped_) {
    timer_.expires_after(kDeadlineTick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error && !stopped_) tick();
    });
  }
  // An expiry may disarm, destroy or put off any other deadline, so the expired ones are moved
  // aside first: what is unlinked from due_ meanwhile is simply not called.
  for (auto it = armed_.begin(); it != armed_.end();) {
    Deadline& deadline = *it++;
    if (deadline.when_ > now_) continue;
    deadline.hook_.unlink();
    due_.push_back(deadline);
  }
  while (!due_.empty()) {
    Deadline& deadline = due_.front();
    due_.pop_front();
    if (deadline.when_ > now_) {
      armed_.push_back(deadline);
    } else {
      deadline.expired_();
    }
  }
}

}  // namespace tollgate
