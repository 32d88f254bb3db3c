// How the offers are doing: outcomes and latencies of the last 5 minutes of each, and whether it
// may be tried (SPEC §6 "Health per offer").
//
// Health outlives every Snapshot: an offer is known by provider and model, so what was learnt of it
// stays when the catalogue is swapped. Each offer has its own mutex, taken for well under a
// microsecond when an attempt begins at a down offer or ends; reading figures and beginning at an
// offer that is up takes a few loads and no lock. Pure: time comes from the caller.
//
// An offer is
//   healthy    with at least 95 % success, or fewer than kDegradedSampleMin outcomes,
//   degraded   below that,
//   down       below 70 % of at least kDownSampleMin outcomes, or after kDownInARow failures in a
//              row. It stays down until a probe succeeds: one attempt of live traffic at a time,
//              the first kProbeAfterMin after it went down, each failed one doubling the wait up to
//              kProbeAfterMax. A probe that succeeds brings it back with a clean record; one that
//              still hangs after kProbeLapse is not waited for.
// What attempts that began before it went down still bring in counts for nothing: it neither brings
// the offer back, nor delays its probe, nor takes it down once more.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "domain/latency_histogram.h"

namespace tollgate {

inline constexpr int kDownInARow = 5;
inline constexpr std::int64_t kDegradedSampleMin = 5;
inline constexpr std::int64_t kDownSampleMin = 20;
inline constexpr std::chrono::seconds kProbeAfterMin{1};
inline constexpr std::chrono::seconds kProbeAfterMax{30};
inline constexpr std::chrono::seconds kProbeLapse{60};
// An offer that goes down again this soon after it came back waits on from where it was.
inline constexpr std::chrono::seconds kRelapse{60};
// The longest that an upstream's Retry-After delays a probe.
inline constexpr std::chrono::seconds kRetryAfterMax{300};

enum class HealthState : std::uint8_t { kHealthy, kDegraded, kDown };
std::string_view health_state_name(HealthState state);  // "healthy" …

// What an answer of this upstream status tells of the offer; 0 = no answer.
enum class Verdict {
  kSuccess,
  kFailure,  // none at all, 5xx, 408, 429; 401 and 402, which are about our own account
  kNeither   // any other refusal: it may be the request's own fault
};
Verdict verdict_of(int status);

class OfferHealth;

// One attempt at an offer, from before it is sent until its outcome is known. Not reporting (the
// client left) says nothing, and gives a probe back for the next request to take.
class HealthAttempt {
 public:
  HealthAttempt(HealthAttempt&& other) noexcept
      : offer_(std::exchange(other.offer_, nullptr)), epoch_(other.epoch_), probe_(other.probe_) {}
  HealthAttempt& operator=(HealthAttempt&& other) noexcept;
  ~HealthAttempt();

  // REQUIRES, of both: nothing reported yet. Latency is from dispatch to the answer's first byte.
  void succeed(std::chrono::microseconds latency, SteadyTime now);
  // `retry_after` as the upstream asked, if it did.
  void fail(SteadyTime now, std::optional<std::chrono::seconds> retry_after = {});
  bool is_probe() const { return probe_ != 0; }

 private:
  friend class OfferHealth;
  HealthAttempt(OfferHealth& offer, std::uint32_t epoch, std::uint32_t probe)
      : offer_(&offer), epoch_(epoch), probe_(probe) {}

  OfferHealth* offer_;   // null once reported
  std::uint32_t epoch_;  // how often the offer had gone down when this began
  std::uint32_t probe_;  // its number; 0 = no probe
};

// What the choice reads of an offer.
struct HealthFigures {
  HealthState state = HealthState::kHealthy;
  std::chrono::microseconds median{0};  // of latency; 0 = not measured
  // Down: when the next probe is due; while one is under way, when that lapses.
  SteadyTime probe_at = {};

  // May be tried: up, or down with its probe due.
  bool may_try(SteadyTime now) const { return state != HealthState::kDown || probe_at <= now; }
};

// What came of the attempts that began in one stretch of time, whatever became of the offer since.
struct HealthSlice {
  SteadyTime from;
  std::int64_t successes = 0;
  std::int64_t failures = 0;
};
inline constexpr std::chrono::seconds kHealthSlice{30};
inline constexpr std::size_t kHealthSlices = 10;

// What pages show.
struct HealthReport {
  HealthFigures figures;
  std::int64_t successes = 0;  // of the last 5 minutes, since it last came back
  std::int64_t failures = 0;
  int failures_in_a_row = 0;
  LatencyHistogram latencies = {};                     // of the last 5 minutes
  std::array<HealthSlice, kHealthSlices> slices = {};  // likewise, oldest first
};

class OfferHealth {
 public:
  OfferHealth() = default;
  OfferHealth(const OfferHealth&) = delete;
  OfferHealth& operator=(const OfferHealth&) = delete;

  HealthFigures figures(SteadyTime now);
  // nullopt: it is down, and its probe is not due or taken. Every attempt begins here, so none
  // begins after the failure that took the offer down was reported.
  std::optional<HealthAttempt> begin(SteadyTime now);
  HealthReport report(SteadyTime now);

 private:
  friend class HealthAttempt;

  // The last 5 minutes in slots of 30 s, the youngest still filling: 4:30 to 5:00 are counted.
  static constexpr std::chrono::seconds kSlot = kHealthSlice;
  static constexpr std::size_t kSlots = kHealthSlices;
  struct Slot {
    std::int64_t number = -1;  // of its 30 s; -1 = never used
    std::int64_t successes = 0;
    std::int64_t failures = 0;
    std::int64_t forgotten_successes = 0;  // from before it last came back
    std::int64_t forgotten_failures = 0;
    std::array<std::uint16_t, LatencyHistogram::kBuckets> latencies{};
  };

  static std::int64_t slot_number(SteadyTime now);
  Slot& slot_at(SteadyTime now) TOLLGATE_REQUIRES(mutex_);
  void expire(SteadyTime now) TOLLGATE_REQUIRES(mutex_);
  void empty(Slot& slot) TOLLGATE_REQUIRES(mutex_);
  void forget_outcomes() TOLLGATE_REQUIRES(mutex_);
  void count_latency(Slot& slot, std::chrono::microseconds latency) TOLLGATE_REQUIRES(mutex_);
  void go_down(SteadyTime now) TOLLGATE_REQUIRES(mutex_);
  void wait_for_probe(SteadyTime now) TOLLGATE_REQUIRES(mutex_);
  HealthState state() const TOLLGATE_REQUIRES(mutex_);
  std::size_t median_bucket() const TOLLGATE_REQUIRES(mutex_);
  void publish() TOLLGATE_REQUIRES(mutex_);

  // From before the offer last went down, or an ordinary one of an offer that is down.
  bool outdated(const HealthAttempt& attempt) const TOLLGATE_REQUIRES(mutex_);
  void succeeded(const HealthAttempt& attempt, std::chrono::microseconds latency, SteadyTime now);
  void failed(const HealthAttempt& attempt, std::optional<std::chrono::seconds> retry_after,
              SteadyTime now);
  void dropped(const HealthAttempt& attempt);

  // What figures() reads without the lock: state, median bucket, and the slot number from which
  // on they are stale because a slot has expired; then when the probe is due.
  std::atomic<std::uint64_t> published_{pack(HealthState::kHealthy, 0, kNeverStale)};
  std::atomic<std::int64_t> probe_at_{0};
  std::atomic<std::uint32_t> epoch_{0};  // how often it has gone down

  static constexpr std::uint64_t kNeverStale = (std::uint64_t{1} << 48) - 1;
  static constexpr std::uint64_t pack(HealthState state, std::size_t median_bucket,
                                      std::uint64_t stale_from) {
    return static_cast<std::uint64_t>(state) | (median_bucket << 2) | (stale_from << 16);
  }

  Mutex mutex_;
  std::array<Slot, kSlots> slots_ TOLLGATE_GUARDED_BY(mutex_);
  // Sums over the slots.
  std::int64_t successes_ TOLLGATE_GUARDED_BY(mutex_) = 0;
  std::int64_t failures_ TOLLGATE_GUARDED_BY(mutex_) = 0;
  std::int64_t measured_ TOLLGATE_GUARDED_BY(mutex_) = 0;
  std::array<std::uint32_t, LatencyHistogram::kBuckets> latencies_ TOLLGATE_GUARDED_BY(mutex_){};
  int in_a_row_ TOLLGATE_GUARDED_BY(mutex_) = 0;
  bool down_ TOLLGATE_GUARDED_BY(mutex_) = false;
  std::uint32_t probe_ TOLLGATE_GUARDED_BY(mutex_) = 0;  // the one under way; 0 = none
  std::uint32_t probes_begun_ TOLLGATE_GUARDED_BY(mutex_) = 0;
  SteadyTime due_ TOLLGATE_GUARDED_BY(mutex_){};  // the next probe
  std::chrono::seconds wait_ TOLLGATE_GUARDED_BY(mutex_){0};
  std::optional<SteadyTime> came_back_ TOLLGATE_GUARDED_BY(mutex_);
  SteadyTime not_before_ TOLLGATE_GUARDED_BY(mutex_){};  // as an upstream's Retry-After asked
};

// All of them, from the start of the process to its end: as many as operators ever configured.
class Health {
 public:
  // The same one each time; it stays where it is as long as Health lives.
  OfferHealth& of(const ProviderId& provider, const ModelId& model);

 private:
  Mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<OfferHealth>> offers_
      TOLLGATE_GUARDED_BY(mutex_);
};

}  // namespace tollgate
