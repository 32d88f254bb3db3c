#include "ledger/key_survey.h"

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

constexpr std::int64_t kErrorPercent = 5;
constexpr std::int64_t kErrorRequestsMin = 20;
constexpr std::int64_t kBusyRequestsMin = 100;
// A younger key has no usual rate.
constexpr std::chrono::days kKnownFor{1};

// The gravest; nullopt of what is off, too.
std::optional<Concern> concern_of(const LiveKeys& keys, const LiveKey& live,
                                  const RecentUse& recent, WallTime now,
                                  std::chrono::days secret_age) {
  const KeyStatus status = keys.status_of(live);
  if (status == KeyStatus::kLimited) return Concern::kLimited;
  if (status != KeyStatus::kActive) return std::nullopt;
  if (keys.is_near_a_limit(live)) return Concern::kNearLimit;
  if (recent.requests >= kErrorRequestsMin &&
      recent.errors * 100 > recent.requests * kErrorPercent) {
    return Concern::kErrors;
  }
  if (now - current_secret(live.key).created_at > secret_age) return Concern::kOldSecret;
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

  void take(Ledger::KeySurvey& survey) && {
    for (std::vector<KeyOfConcern>& list : found_) {
      std::ranges::move(list, std::back_inserter(survey.concerns));
    }
    if (survey.concerns.size() > max_) survey.concerns.resize(max_);
    for (const auto& [requests, live] : busiest_) {
      survey.busy.push_back(described(*live, Concern::kUnusualRate));
    }
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

Ledger::KeySurvey survey_keys(const LiveKeys& keys, WallTime now,
                              const Ledger::KeySurveyQuery& query) {
  Ledger::KeySurvey survey;
  Findings findings(query.max);
  const std::int64_t end = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count() + 1;
  const std::int64_t begin = end - query.active_days;
  walk_keys(keys, kNewestKey, [&](const std::shared_ptr<const LiveKey>& live) {
    const Key& key = live->key;
    if (query.workspace && key.workspace != *query.workspace) return Walk::kGoOn;
    const auto was_active = [&](std::int64_t from, std::int64_t to) {
      return std::ranges::any_of(live->use, [&](const UseCounter* counter) {
        return counter->was_admitted_on(from, to);
      });
    };
    survey.active += was_active(begin, end) ? 1 : 0;
    survey.active_before += was_active(begin - query.active_days, begin) ? 1 : 0;
    if (key.revoked_at) return Walk::kGoOn;
    RecentUse recent;
    for (const UseCounter* counter : live->use) recent = recent + counter->recent(now);
    const auto concern = concern_of(keys, *live, recent, now, query.secret_age);
    if (concern) findings.add(*live, *concern);
    if (recent.this_hour >= kBusyRequestsMin && now - key.created_at >= kKnownFor) {
      findings.add_busy(live, recent.this_hour);
    }
    return Walk::kGoOn;
  });
  std::move(findings).take(survey);
  return survey;
}

}  // namespace tollgate
