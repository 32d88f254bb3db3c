// In which order eligible offers are tried (SPEC §6: "then a score"). Pure.
//
// An offer's score is between 0 and 1: what it is worth by price, latency and, where low carbon is
// preferred, its grid, each against the best of the eligible ones, by the strategy's weights. A
// degraded offer scores half. Offers whose scores lie close together are equals, and take turns.
//
// Before the score stand, in this order: the place in a profile's ordered list; whether the prompt
// is sure to fit the context window; whether the needed capabilities are known; for how many tiers
// the model falls short of the prompt's; and, by the strategy `quality`, its quality.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "domain/request_needs.h"
#include "routing/eligibility.h"

namespace tollgate {

// The best this many are in order; those after them are in none. (Nobody tries that many.)
inline constexpr std::size_t kRankedMax = 32;

struct ScoreNeeds {
  const RequestNeeds& needs;
  Strategy strategy = Strategy::kBalanced;
  Tier tier = Tier::kNano;  // wanted of a model
  bool prefer_low_carbon = false;
  // The request is held to no region: it tries its first choice's region first.
  bool any_region = true;
  std::uint64_t turn = 0;
};

struct Scored {
  Eligible offer;
  double cost = 0;         // expected, in nano-dollars
  double score = 0;        // 0..1
  std::uint32_t rank = 0;  // what stands before the score: the lowest first
  // Among the best and its equals; all others come after these.
  std::uint32_t order = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t region = 0;
  bool elsewhere = false;  // in another region than the first choice
};

// Sets everything but `offer`, and sorts; of a single offer only its score.
void rank_offers(std::vector<Scored>& offers, const ScoreNeeds& needs);

}  // namespace tollgate
