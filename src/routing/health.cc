#include "routing/health.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace tollgate {

namespace {

constexpr std::int64_t kHealthyPercent = 95;
constexpr std::int64_t kUpPercent = 70;

constexpr std::chrono::seconds kRetryAfterMin{0};

bool below(std::int64_t percent, std::int64_t successes, std::int64_t failures) {
  return successes * 100 < percent * (successes + failures);
}

}  // namespace

std::string_view health_state_name(HealthState state) {
  switch (state) {
    case HealthState::kHealthy:
      return "healthy";
    case HealthState::kDegraded:
      return "degraded";
    case HealthState::kDown:
      return "down";
  }
  bug("a health state outside its enum", std::source_location::current());
}

Verdict verdict_of(int status) {
  if (status >= 200 && status < 400) return Verdict::kSuccess;
  const bool about_us = status == 401 || status == 402;
  const bool worth_a_retry = status == 408 || status == 429;
  const bool answered = status >= 400 && status < 500;
  return answered && !about_us && !worth_a_retry ? Verdict::kNeither : Verdict::kFailure;
}

HealthAttempt& HealthAttempt::operator=(HealthAttempt&& other) noexcept {
  if (this == &other) return *this;
  if (offer_ != nullptr) offer_->dropped(*this);
  offer_ = std::exchange(other.offer_, nullptr);
  epoch_ = other.epoch_;
  probe_ = other.probe_;
  return *this;
}

HealthAttempt::~HealthAttempt() {
  if (offer_ != nullptr) offer_->dropped(*this);
}

void HealthAttempt::succeed(std::chrono::microseconds latency, SteadyTime now) {
  check(offer_ != nullptr, "an attempt is reported once");
  std::exchange(offer_, nullptr)->succeeded(*this, latency, now);
}

void HealthAttempt::fail(SteadyTime now, std::optional<std::chrono::seconds> retry_after) {
  check(offer_ != nullptr, "an attempt is reported once");
  std::exchange(offer_, nullptr)->failed(*this, retry_after, now);
}

HealthFigures OfferHealth::figures(SteadyTime now) {
  std::uint64_t packed = published_.load(std::memory_order_acquire);
  if (static_cast<std::uint64_t>(slot_number(now)) >= packed >> 16) {
    const Lock lock(mutex_);
    expire(now);
    publish();
    packed = published_.load(std::memory_order_relaxed);
  }
  HealthFigures figures{.state = static_cast<HealthState>(packed & 3)};
  const std::size_t median = (packed >> 2) & 0x3FFF;
  if (median > 0) figures.median = LatencyHistogram::middle_of(median - 1);
  if (figures.state == HealthState::kDown) {
    figures.probe_at = SteadyTime(SteadyTime::duration(probe_at_.load(std::memory_order_relaxed)));
  }
  return figures;
}

std::optional<HealthAttempt> OfferHealth::begin(SteadyTime now) {
  // The epoch first: an offer that goes down meanwhile leaves this attempt outdated, not fresh.
  const std::uint32_t epoch = epoch_.load(std::memory_order_acquire);
  const auto state = static_cast<HealthState>(published_.load(std::memory_order_acquire) & 3);
  if (state != HealthState::kDown) return HealthAttempt(*this, epoch, 0);
  const Lock lock(mutex_);
  if (!down_) return HealthAttempt(*this, epoch_.load(std::memory_order_relaxed), 0);
  if (now < due_) return std::nullopt;
  if (++probes_begun_ == 0) ++probes_begun_;
  probe_ = probes_begun_;
  due_ = now + kProbeLapse;
  publish();
  return HealthAttempt(*this, epoch_.load(std::memory_order_relaxed), probe_);
}

HealthReport OfferHealth::report(SteadyTime now) {
  HealthReport report{.figures = figures(now)};
  const Lock lock(mutex_);
  report.successes = successes_;
  report.failures = failures_;
  report.failures_in_a_row = in_a_row_;
  for (std::size_t i = 0; i < latencies_.size(); ++i) report.latencies.add(i, latencies_[i]);
  const std::int64_t oldest = slot_number(now) - static_cast<std::int64_t>(kSlots) + 1;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::int64_t number = oldest + static_cast<std::int64_t>(i);
    HealthSlice& slice = report.slices[i];
    slice.from = SteadyTime(number * kSlot);
    const Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
    if (slot.number != number) continue;
    slice.successes = slot.successes + slot.forgotten_successes;
    slice.failures = slot.failures + slot.forgotten_failures;
  }
  return report;
}

std::int64_t OfferHealth::slot_number(SteadyTime now) { return now.time_since_epoch() / kSlot; }

void OfferHealth::empty(Slot& slot) {
  successes_ -= slot.successes;
  failures_ -= slot.failures;
  for (std::size_t i = 0; i < slot.latencies.size(); ++i) {
    latencies_[i] -= slot.latencies[i];
    measured_ -= slot.latencies[i];
  }
  slot = Slot();
}

void OfferHealth::expire(SteadyTime now) {
  const std::int64_t oldest = slot_number(now) - static_cast<std::int64_t>(kSlots) + 1;
  for (Slot& slot : slots_) {
    if (slot.number >= 0 && slot.number < oldest) empty(slot);
  }
}

OfferHealth::Slot& OfferHealth::slot_at(SteadyTime now) {
  expire(now);
  const std::int64_t number = slot_number(now);
  Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number > number) return slot;  // the caller's time is a little behind another's
  slot.number = number;
  return slot;
}

void OfferHealth::forget_outcomes() {
  for (Slot& slot : slots_) {
    slot.forgotten_successes += std::exchange(slot.successes, 0);
    slot.forgotten_failures += std::exchange(slot.failures, 0);
  }
  successes_ = failures_ = 0;
}

void OfferHealth::count_latency(Slot& slot, std::chrono::microseconds latency) {
  const std::size_t bucket = LatencyHistogram::bucket_of(latency);
  if (slot.latencies[bucket] == std::numeric_limits<std::uint16_t>::max()) return;
  ++slot.latencies[bucket];
  ++latencies_[bucket];
  ++measured_;
}

void OfferHealth::wait_for_probe(SteadyTime now) {
  due_ = std::max(now + wait_, std::min(not_before_, now + kRetryAfterMax));
}

void OfferHealth::go_down(SteadyTime now) {
  const bool relapsed = came_back_ && now - *came_back_ < kRelapse;
  wait_ = relapsed ? std::min(wait_ * 2, kProbeAfterMax) : kProbeAfterMin;
  down_ = true;
  epoch_.fetch_add(1, std::memory_order_release);
  wait_for_probe(now);
}

HealthState OfferHealth::state() const {
  if (down_) return HealthState::kDown;
  if (successes_ + failures_ < kDegradedSampleMin) return HealthState::kHealthy;
  return below(kHealthyPercent, successes_, failures_) ? HealthState::kDegraded
                                                       : HealthState::kHealthy;
}

std::size_t OfferHealth::median_bucket() const {
  std::int64_t before = 0;
  for (std::size_t i = 0; i < latencies_.size(); ++i) {
    before += latencies_[i];
    if (before * 2 >= measured_) return i;
  }
  return 0;
}

void OfferHealth::publish() {
  std::uint64_t stale_from = kNeverStale;
  for (const Slot& slot : slots_) {
    if (slot.number < 0) continue;
    stale_from = std::min(stale_from, static_cast<std::uint64_t>(slot.number) + kSlots);
  }
  const std::size_t median = measured_ == 0 ? 0 : median_bucket() + 1;
  probe_at_.store(due_.time_since_epoch().count(), std::memory_order_relaxed);
  published_.store(pack(state(), median, stale_from), std::memory_order_release);
}

bool OfferHealth::outdated(const HealthAttempt& attempt) const {
  if (attempt.epoch_ != epoch_.load(std::memory_order_relaxed)) return true;
  return down_ && !attempt.is_probe();
}

void OfferHealth::succeeded(const HealthAttempt& attempt, std::chrono::microseconds latency,
                            SteadyTime now) {
  const Lock lock(mutex_);
  if (outdated(attempt)) return;
  Slot& slot = slot_at(now);
  if (down_) {
    forget_outcomes();
    down_ = false;
    probe_ = 0;
    came_back_ = now;
  }
  ++slot.successes;
  ++successes_;
  in_a_row_ = 0;
  count_latency(slot, latency);
  publish();
}

void OfferHealth::failed(const HealthAttempt& attempt,
                         std::optional<std::chrono::seconds> retry_after, SteadyTime now) {
  const Lock lock(mutex_);
  if (outdated(attempt)) return;
  if (attempt.is_probe() && attempt.probe_ != probe_) return;  // it had lapsed
  if (retry_after) not_before_ = now + std::clamp(*retry_after, kRetryAfterMin, kRetryAfterMax);
  Slot& slot = slot_at(now);
  ++slot.failures;
  ++failures_;
  ++in_a_row_;
  if (attempt.is_probe()) {
    probe_ = 0;
    wait_ = std::min(wait_ * 2, kProbeAfterMax);
    wait_for_probe(now);
  } else {
    const bool sampled = successes_ + failures_ >= kDownSampleMin;
    const bool failing = sampled && below(kUpPercent, successes_, failures_);
    if (failing || in_a_row_ >= kDownInARow) go_down(now);
  }
  publish();
}

// The next request may take the probe at once.
void OfferHealth::dropped(const HealthAttempt& attempt) {
  if (!attempt.is_probe()) return;
  const Lock lock(mutex_);
  if (outdated(attempt) || attempt.probe_ != probe_) return;
  probe_ = 0;
  due_ = SteadyTime();
  publish();
}

OfferHealth& Health::of(const ProviderId& provider, const ModelId& model) {
  const Lock lock(mutex_);
  auto& offer = offers_[{provider.get(), model.get()}];
  if (!offer) offer = std::make_unique<OfferHealth>();
  return *offer;
}

}  // namespace tollgate
