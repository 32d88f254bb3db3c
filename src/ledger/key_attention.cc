#include "ledger/key_attention.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "ledger/key_walk.h"
#include "ledger/use_counter.h"

namespace tollgate {
namespace {

using Concern = Ledger::Concern;
using KeyOfConcern = Ledger::KeyOfConcern;

constexpr std::int64_t kNearLimitPercent = 90;
constexpr std::int64_t kErrorPercent = 5;
constexpr std::int64_t kErrorRequestsMin = 20;
constexpr std::int64_t kBusyRequestsMin = 100;
// A younger key has no usual rate.
constexpr std::chrono::days kKnownFor{1};

bool near_a_limit(const std::vector<LimitState>& limits) {
  return std::ranges::any_of(limits, [](const LimitState& state) {
    return has_periods(state.limit.window) && state.used > 0 &&
           static_cast<__int128>(state.used) * 100 >=
               static_cast<__int128>(state.limit.amount) * kNearLimitPercent;
  });
}

// The gravest; nullopt of what is off, too.
std::optional<Concern> concern_of(const LiveKeys& keys, const LiveKey& live,
                                  const RecentUse& recent, const AttentionQuery& query) {
  const KeyStatus status = keys.status_of(live);
  if (status == KeyStatus::kLimited) return Concern::kLimited;
  if (status != KeyStatus::kActive) return std::nullopt;
  if (near_a_limit(keys.limits_of(live))) return Concern::kNearLimit;
  if (recent.requests >= kErrorRequestsMin &&
      recent.errors * 100 > recent.requests * kErrorPercent) {
    return Concern::kErrors;
  }
  if (query.now - current_secret(live.key).created_at > query.secret_age) {
    return Concern::kOldSecret;
  }
  return std::nullopt;
}

// The newest of each concern, and the busiest keys.
class Findings {
 public:
  explicit Findings(std::size_t max) : max_(max) {}

  void add(const LiveKey& live, Concern concern) {
    std::vector<KeyOfConcern>& list = found_[static_cast<std::size_t>(concern)];
    if (list.size() < max_) list.push_back(described(live, concern));
  }

  void add_busy(const std::shared_ptr<const LiveKey>& live, std::int64_t requests) {
    busiest_.emplace_back(requests, live);
    std::ranges::push_heap(busiest_, std::greater());
    if (busiest_.size() <= max_) return;
    std::ranges::pop_heap(busiest_, std::greater());
    busiest_.pop_back();
  }

  Ledger::KeysOfConcern take() && {
    Ledger::KeysOfConcern result;
    for (std::vector<KeyOfConcern>& list : found_)
      std::ranges::move(list, std::back_inserter(result.found));
    if (result.found.size() > max_) result.found.resize(max_);
    for (const auto& [requests, live] : busiest_) {
      result.busy.push_back(described(*live, Concern::kUnusualRate));
    }
    return result;
  }

 private:
  static KeyOfConcern described(const LiveKey& live, Concern concern) {
    return {.id = live.key.id,
            .number = live.key.number,
            .name = live.key.policy.name,
            .concern = concern};
  }

  std::size_t max_;
  std::array<std::vector<KeyOfConcern>, Ledger::kConcerns> found_;
  // A heap: the one with the fewest requests stands in front.
  std::vector<std::pair<std::int64_t, std::shared_ptr<const LiveKey>>> busiest_;
};

}  // namespace

Ledger::KeysOfConcern keys_of_concern(const LiveKeys& keys, const AttentionQuery& query,
                                      std::size_t max) {
  Findings findings(max);
  walk_keys(keys, kNewestKey, [&](const std::shared_ptr<const LiveKey>& live) {
    const Key& key = live->key;
    if (key.revoked_at || (query.workspace && key.workspace != *query.workspace)) {
      return Walk::kGoOn;
    }
    RecentUse recent;
    for (const UseCounter* counter : live->use) recent = recent + counter->recent(query.now);
    if (const auto concern = concern_of(keys, *live, recent, query)) findings.add(*live, *concern);
    if (recent.this_hour >= kBusyRequestsMin && query.now - key.created_at >= kKnownFor) {
      findings.add_busy(live, recent.this_hour);
    }
    return Walk::kGoOn;
  });
  return std::move(findings).take();
}

}  // namespace tollgate
