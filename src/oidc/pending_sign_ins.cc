#include "oidc/pending_sign_ins.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tollgate::oidc {

namespace {

constexpr int kTokenLength = 43;  // 222 bits

}  // namespace

void PendingSignIns::forget_old(SteadyTime now) {
  while (!entries_.empty() && entries_.front().until <= now) remove(entries_.begin());
}

PendingSignIns::Entry PendingSignIns::remove(Entries::iterator entry) {
  Entry removed = std::move(*entry);
  entries_.erase(entry);
  by_state_.erase(removed.state);
  const auto left = of_network_.find(removed.place.network);
  if (--left->second == 0) of_network_.erase(left);
  return removed;
}

void PendingSignIns::make_room_for(const SignInPlace& place) {
  const auto is_here = [&place](const Entry& one) { return one.place.address == place.address; };
  const auto here = static_cast<std::size_t>(std::ranges::count_if(entries_, is_here));
  if (here >= kPendingPerPlaceMax) remove(std::ranges::find_if(entries_, is_here));
  if (entries_.size() < kPendingMax) return;
  const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
  const std::string fullest = std::ranges::max_element(of_network_, fewer)->first;
  remove(std::ranges::find_if(
      entries_, [&fullest](const Entry& one) { return one.place.network == fullest; }));
}

PendingSignIns::Tokens PendingSignIns::open(PendingSignIn sign_in, const SignInPlace& place,
                                            Random& random) {
  Tokens tokens{.state = random_id(random, "", kTokenLength),
                .browser = random_id(random, "", kTokenLength)};
  const SteadyTime now = clock_.steady();
  Lock lock(mutex_);
  forget_old(now);
  make_room_for(place);
  const Sha256 state = sha256(tokens.state);
  entries_.push_back({.sign_in = std::move(sign_in),
                      .state = state,
                      .browser = sha256(tokens.browser),
                      .place = place,
                      .until = now + kSignInTime});
  by_state_.emplace(state, std::prev(entries_.end()));
  ++of_network_[place.network];
  return tokens;
}

std::optional<PendingSignIn> PendingSignIns::take(std::string_view state,
                                                  std::string_view browser) {
  const SteadyTime now = clock_.steady();
  const Sha256 state_hash = sha256(state);
  const Sha256 browser_hash = sha256(browser);
  Lock lock(mutex_);
  forget_old(now);
  const auto found = by_state_.find(state_hash);
  if (found == by_state_.end() || found->second->browser != browser_hash) return std::nullopt;
  return remove(found->second).sign_in;
}

}  // namespace tollgate::oidc
