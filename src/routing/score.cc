#include "routing/score.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace tollgate {

namespace {

// What the strategies weigh, and how close two scores are that count as equal: a share of the
// better one. Latencies are known to a sixteenth, so `fastest` is the most tolerant.
struct Weights {
  double price;
  double latency;
  double equal;
};
constexpr Weights kBalancedWeights = {.price = 0.6, .latency = 0.4, .equal = 0.95};
constexpr Weights kCheapestWeights = {.price = 1.0, .latency = 0.0, .equal = 0.999};
constexpr Weights kFastestWeights = {.price = 0.0, .latency = 1.0, .equal = 0.9};
// Of the whole, where low carbon is preferred; the strategy has the rest.
constexpr double kCarbonWeight = 0.4;

constexpr double kDegradedFactor = 0.5;
// Added to every latency: below this, what is faster than what does not matter.
constexpr double kLatencySlackUs = 50'000;
// Of a grid that nobody states: about the world's mean.
constexpr double kCarbonUnknown = 450;
// An offer that was not measured lately counts as the measured ones' mean, and for one request in
// this many as the best: else it would never be measured again.
constexpr std::uint64_t kExploredEvery = 16;

// What a request is expected to be, where it does not say.
constexpr double kBytesPerToken = 4;
constexpr double kTokensPerImage = 1'000;
constexpr std::int64_t kOutputTokens = 512;  // people ask for far more than they get
// For whether it is sure to fit a context window.
constexpr std::int64_t kBytesPerTokenMin = 3;
constexpr std::int64_t kOutputTokensToFit = 1'024;

struct Size {
  double input;
  double output;
};

Size expected_size(const RequestNeeds& needs) {
  const std::int64_t output = std::min(needs.max_tokens.value_or(kOutputTokens), kOutputTokens);
  return {.input = static_cast<double>(needs.text_bytes) / kBytesPerToken +
                   static_cast<double>(needs.images) * kTokensPerImage,
          .output = static_cast<double>(output) * static_cast<double>(needs.choices)};
}

double nanos(Money money) { return static_cast<double>(money.nanos()); }

double cost_at(Money input, Money output, const Size& size) {
  return (size.input * nanos(input) + size.output * nanos(output)) / 1e6;
}

double expected_cost(const OfferFigures& figures, const Size& size) {
  const double fee = nanos(figures.per_request);
  const bool in_tier =
      figures.tier_above > 0 && size.input > static_cast<double>(figures.tier_above);
  if (!in_tier) return cost_at(figures.input, figures.output, size) + fee;
  const TokenPrices* prices = &figures.offer->prices.tokens;
  for (const PriceTier& tier : figures.offer->prices.tiers) {
    if (size.input > static_cast<double>(tier.above_input_tokens)) prices = &tier.tokens;
  }
  return cost_at(prices->input, prices->output, size) + fee;
}

std::int64_t tokens_to_fit(const RequestNeeds& needs) {
  const std::int64_t output = needs.max_tokens.value_or(kOutputTokensToFit);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(needs.text_bytes / kBytesPerTokenMin, output, &sum)) {
    return std::numeric_limits<std::int64_t>::max();
  }
  return sum;
}

// 64 bits that look like chance; the same for the same number (a round of SplitMix64).
std::uint64_t mixed(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15U;
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9U;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBU;
  return number ^ (number >> 31);
}

// Which of `count` has the turn: each once in every `count` consecutive turns, beginning elsewhere
// each time, in steps of the golden ratio, so that every second or third request finds them even,
// too.
std::size_t whose_turn(std::uint64_t turn, std::size_t count) {
  // 64 bits that wrap, on purpose: they are a share of a whole turn.
  const std::uint64_t share = (turn / count) * 0x9E3779B97F4A7C15U;
  const unsigned __int128 place = static_cast<unsigned __int128>(share) * count;
  const auto begin = static_cast<std::size_t>(place >> 64);
  return (turn % count + begin) % count;
}

class Ranking {
 public:
  Ranking(std::vector<Scored>& offers, const ScoreNeeds& needs)
      : offers_(offers), needs_(needs), weights_(weights_of(needs.strategy)) {}

  void rank() {
    measure();
    score();
    const std::size_t first = order_first_equals();
    const std::uint32_t region = offers_[first].region;
    if (needs_.any_region && region != 0) mark_elsewhere(region);
    sort();
  }

 private:
  static const Weights& weights_of(Strategy strategy) {
    if (strategy == Strategy::kCheapest) return kCheapestWeights;
    return strategy == Strategy::kFastest ? kFastestWeights : kBalancedWeights;
  }

  static double carbon_of(const OfferFigures& figures) {
    return figures.carbon == 0 ? kCarbonUnknown : static_cast<double>(figures.carbon);
  }

  std::uint32_t rank_of(const Eligible& offer) const {
    const OfferFigures& figures = *offer.figures;
    const bool doubtful = figures.context_window > 0 && to_fit_ > figures.context_window;
    std::uint32_t short_of = 0;
    if (figures.tier < needs_.tier) {
      short_of = static_cast<std::uint32_t>(needs_.tier) - static_cast<std::uint32_t>(figures.tier);
    }
    std::uint32_t rank = offer.place << 16;
    if (doubtful) rank |= 1U << 15;
    if (!offer.capabilities_known) rank |= 1U << 14;
    rank |= short_of << 10;
    if (needs_.strategy == Strategy::kQuality) {
      rank |= static_cast<std::uint32_t>(kScoreMax) - figures.quality;
    }
    return rank;
  }

  // What each offer is by itself, and the best of all.
  void measure() {
    const Size size = expected_size(needs_.needs);
    to_fit_ = tokens_to_fit(needs_.needs);
    double latencies = 0;
    for (Scored& one : offers_) {
      one.rank = rank_of(one.offer);
      one.region = one.offer.figures->region;
      one.cost = expected_cost(*one.offer.figures, size);
      cost_min_ = std::min(cost_min_, one.cost);
      carbon_min_ = std::min(carbon_min_, carbon_of(*one.offer.figures));
      const auto latency = static_cast<double>(one.offer.median.count());
      if (latency <= 0) continue;
      latency_min_ = std::min(latency_min_, latency);
      latencies += latency;
      ++measured_;
    }
    if (measured_ == 0) return;
    const bool exploring = mixed(needs_.turn) % kExploredEvery == 0;
    latency_unknown_ = exploring ? latency_min_ : latencies / static_cast<double>(measured_);
  }

  double latency_term(const Scored& one) const {
    if (measured_ == 0) return 1;
    const auto known = static_cast<double>(one.offer.median.count());
    const double latency = known > 0 ? known : latency_unknown_;
    return (latency_min_ + kLatencySlackUs) / (latency + kLatencySlackUs);
  }

  void score() {
    const double others = needs_.prefer_low_carbon ? 1 - kCarbonWeight : 1;
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      Scored& one = offers_[i];
      // A nano-dollar on each side: what is free is best, and nothing is divided by it.
      const double price = (cost_min_ + 1) / (one.cost + 1);
      one.score = others * (weights_.price * price + weights_.latency * latency_term(one));
      if (needs_.prefer_low_carbon) {
        one.score += kCarbonWeight * carbon_min_ / carbon_of(*one.offer.figures);
      }
      if (one.offer.health == HealthState::kDegraded) one.score *= kDegradedFactor;
      const Scored& best = offers_[leader_];
      if (one.rank < best.rank || (one.rank == best.rank && one.score > best.score)) leader_ = i;
    }
  }

  bool equal(const Scored& better, const Scored& other) const {
    return better.elsewhere == other.elsewhere && better.rank == other.rank &&
           other.score >= better.score * weights_.equal;
  }

  // Gives the best and its equals their order of this turn. The first choice's index.
  std::size_t order_first_equals() {
    const Scored leader = offers_[leader_];
    std::vector<std::uint32_t> equals;
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (equal(leader, offers_[i])) equals.push_back(static_cast<std::uint32_t>(i));
    }
    const std::size_t turn = whose_turn(needs_.turn, equals.size());
    for (std::size_t i = 0; i < equals.size(); ++i) {
      const std::size_t place = (i + equals.size() - turn) % equals.size();
      offers_[equals[i]].order = static_cast<std::uint32_t>(place);
    }
    return equals[turn];
  }

  // An ordered list goes before regions: its first model is tried there first, then elsewhere.
  void mark_elsewhere(std::uint32_t region) {
    for (Scored& one : offers_) one.elsewhere = one.region != region;
  }

  void sort() {
    const auto before = [](const Scored& a, const Scored& b) {
      const auto key = [](const Scored& one) {
        return std::tuple(one.rank >> 16, one.elsewhere, one.rank, one.order, -one.score,
                          one.offer.figures);
      };
      return key(a) < key(b);
    };
    if (offers_.size() <= kRankedMax) {
      std::sort(offers_.begin(), offers_.end(), before);
      return turn_further_equals(offers_.size());
    }
    const auto ranked = offers_.begin() + static_cast<std::ptrdiff_t>(kRankedMax);
    std::partial_sort(offers_.begin(), ranked, offers_.end(), before);
    turn_further_equals(kRankedMax);
  }

  // Those that come after the first equals take turns among themselves: what a failing first choice
  // leaves is spread as well.
  void turn_further_equals(std::size_t ranked) {
    std::size_t from = 0;
    while (from < ranked) {
      std::size_t to = from + 1;
      while (to < ranked && equal(offers_[from], offers_[to])) ++to;
      const bool turned = offers_[from].order != offers_[to - 1].order;
      const auto begin = offers_.begin() + static_cast<std::ptrdiff_t>(from);
      if (!turned) {
        std::rotate(begin, begin + static_cast<std::ptrdiff_t>(whose_turn(needs_.turn, to - from)),
                    offers_.begin() + static_cast<std::ptrdiff_t>(to));
      }
      from = to;
    }
  }

  std::vector<Scored>& offers_;
  const ScoreNeeds& needs_;
  const Weights& weights_;
  std::int64_t to_fit_ = 0;
  double cost_min_ = std::numeric_limits<double>::max();
  double carbon_min_ = std::numeric_limits<double>::max();
  double latency_min_ = std::numeric_limits<double>::max();
  double latency_unknown_ = 0;
  std::int64_t measured_ = 0;
  std::size_t leader_ = 0;  // the best so far
};

}  // namespace

void rank_offers(std::vector<Scored>& offers, const ScoreNeeds& needs) {
  if (offers.empty()) return;
  if (offers.size() == 1) {  // the best of all in everything
    const bool degraded = offers.front().offer.health == HealthState::kDegraded;
    offers.front().score = degraded ? kDegradedFactor : 1;
    return;
  }
  Ranking(offers, needs).rank();
}

}  // namespace tollgate
