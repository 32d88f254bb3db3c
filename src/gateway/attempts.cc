#include "gateway/attempts.h"

#include <algorithm>

namespace tollgate {

namespace {

using std::chrono::milliseconds;

milliseconds until(SteadyTime then, SteadyTime now) {
  return std::max(std::chrono::ceil<milliseconds>(then - now), milliseconds(0));
}

}  // namespace

std::optional<Attempts::Plan> Attempts::next(SteadyTime now) {
  if (stopped_ || begun_ >= kAttemptsMax) return std::nullopt;
  const auto fresh = std::ranges::find(offers_, 0, &OfferTries::tries);
  if (fresh != offers_.end()) {
    return Plan{.place = static_cast<std::size_t>(fresh - offers_.begin())};
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < offers_.size(); ++i) {
    const OfferTries& offer = offers_[i];
    if (offer.again != Again::kAnywhere || offer.tries >= kTriesPerOfferMax) continue;
    if (until(offer.not_before, now) > kRetryAfterWaitMax) continue;
    if (!best || offer.not_before < offers_[*best].not_before) best = i;
  }
  if (!best) return std::nullopt;
  return Plan{.place = *best, .wait = std::max(back_off(), until(offers_[*best].not_before, now))};
}

milliseconds Attempts::back_off() {
  const milliseconds most = std::min(kBackOffBase * (1 << std::min(retries_++, 8)), kBackOffMax);
  return milliseconds(random_.below(static_cast<std::uint32_t>(most.count()) + 1));
}

bool Attempts::begin(const Plan& plan, SteadyTime now) {
  OfferTries& offer = offers_[plan.place];
  ++offer.tries;
  health_.reset();
  if (OfferHealth* const health = route_.health_of(*route_.offers[plan.place])) {
    health_ = health->begin(now);
    if (!health_) {
      offer.again = Again::kElsewhere;
      return false;
    }
  }
  current_ = plan.place;
  began_at_ = now;
  answering_at_ = now;
  open_ = true;
  ++begun_;
  return true;
}

void Attempts::end(const Ended& ended, SteadyTime now) {
  health_.reset();
  open_ = false;
  OfferTries& tried = offers_[current_];
  tried.again = ended.again;
  if (ended.retry_after) tried.not_before = now + *ended.retry_after;
  if (ended.again == Again::kNever) stopped_ = true;
  over_.push_back({.provider = offer().provider.get(),
                   .model = offer().model.get(),
                   .status = ended.status,
                   .cost = ended.metered.cost,
                   .ms = std::chrono::duration_cast<milliseconds>(now - began_at_).count()});
  if (ended.metered.cost == Money() && ended.metered.tokens == TokenUsage()) return;
  spent_.tokens.add(ended.metered.tokens);
  const auto cost = add(spent_.cost, ended.metered.cost);
  spent_.cost = cost ? std::min(*cost, kRowCostMax) : kRowCostMax;
  spent_.metering = ended.metered.metering;
  spent_.flags.add(ended.metered.flags);
}

void Attempts::succeeded(SteadyTime now) {
  if (!health_) return;
  health_->succeed(std::chrono::duration_cast<std::chrono::microseconds>(answering_at_ - began_at_),
                   now);
  health_.reset();
}

void Attempts::failed(SteadyTime now, std::optional<std::chrono::seconds> retry_after) {
  if (!health_) return;
  health_->fail(now, retry_after);
  health_.reset();
}

}  // namespace tollgate
