// Deadlines: the coarse clock of one I/O thread. Every wait has a deadline, nearly none expires, so
// arming one costs a store: a tick every kDeadlineTick looks at all that are armed. A deadline is
// therefore up to one tick late, never early.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <functional>

#include "base/clock.h"
#include "runtime/task.h"

namespace tollgate {

inline constexpr std::chrono::milliseconds kDeadlineTick{50};

class Deadlines;

// Calls `expired` once, on the thread, when its time has passed; disarmed by then. Owned by what it
// guards; destroying it disarms it.
class Deadline {
 public:
  Deadline(Deadlines& deadlines, std::function<void()> expired)
      : deadlines_(deadlines), expired_(std::move(expired)) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void arm(std::chrono::milliseconds from_now);
  void arm_at(SteadyTime when);
  void disarm();
  bool armed() const { return hook_.is_linked(); }

 private:
  friend class Deadlines;
  using Hook = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  Deadlines& deadlines_;
  std::function<void()> expired_;
  SteadyTime when_;
  Hook hook_;
};

class Deadlines {
 public:
  explicit Deadlines(IoContext& context);
  // The time of the last tick: at most one tick old, for arming without a clock call.
  SteadyTime now() const { return now_; }
  void start();
  void stop();

 private:
  friend class Deadline;
  using List = boost::intrusive::list<
      Deadline, boost::intrusive::member_hook<Deadline, Deadline::Hook, &Deadline::hook_>,
      boost::intrusive::constant_time_size<false>>;
  void tick();

  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, IoExecutor>
      timer_;
  SteadyTime now_;
  List armed_;
  List due_;  // empty but for a tick
  bool stopped_ = true;
};

}  // namespace tollgate
