#include "oidc/pending_sign_ins.h"

#include <algorithm>
#include <utility>

namespace tollgate::oidc {

namespace {

constexpr int kTokenLength = 43;  // 222 bits

}  // namespace

void PendingSignIns::forget_old(SteadyTime now) {
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
}

void PendingSignIns::make_room_at(const std::string& place) {
  const auto is_here = [&place](const auto& entry) { return entry.second.place == place; };
  if (static_cast<std::size_t>(std::ranges::count_if(entries_, is_here)) < kPendingPerPlaceMax) {
    return;
  }
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (!is_here(*at)) continue;
    if (oldest == entries_.end() || at->second.number < oldest->second.number) oldest = at;
  }
  entries_.erase(oldest);
}

Result<PendingSignIns::Tokens> PendingSignIns::open(PendingSignIn sign_in, const std::string& place,
                                                    Random& random) {
  Tokens tokens{.state = random_id(random, "", kTokenLength),
                .browser = random_id(random, "", kTokenLength)};
  const SteadyTime now = clock_.steady();
  Lock lock(mutex_);
  forget_old(now);
  make_room_at(place);
  if (entries_.size() >= kPendingMax) {
    return fail(ErrorCode::kServiceUnavailable,
                "Too many people are signing in: try again in some minutes.");
  }
  entries_.emplace(sha256(tokens.state), Entry{.sign_in = std::move(sign_in),
                                               .browser = sha256(tokens.browser),
                                               .place = place,
                                               .until = now + kSignInTime,
                                               .number = ++opened_});
  return tokens;
}

std::optional<PendingSignIn> PendingSignIns::take(std::string_view state,
                                                  std::string_view browser) {
  const SteadyTime now = clock_.steady();
  const Sha256 state_hash = sha256(state);
  const Sha256 browser_hash = sha256(browser);
  Lock lock(mutex_);
  forget_old(now);
  const auto found = entries_.find(state_hash);
  if (found == entries_.end() || found->second.browser != browser_hash) return std::nullopt;
  PendingSignIn sign_in = std::move(found->second.sign_in);
  entries_.erase(found);
  return sign_in;
}

}  // namespace tollgate::oidc
