#include "intake/terms.h"

#include <algorithm>
#include <tuple>

#include "domain/bound.h"

namespace tollgate {

namespace {

std::int64_t filled_max_tokens(const Offer& offer, const RequestNeeds& needs,
                               const TokenBound& tokens, const Preview& preview) {
  if (const auto now = fill_max_tokens(offer, needs, tokens, preview.now)) return *now;
  return fill_max_tokens(offer, needs, tokens, preview.once_settled).value_or(1);
}

bool fits(const Ask& ask, const Available& available) {
  const auto within = [](const std::optional<std::int64_t>& bound,
                         const std::optional<std::int64_t>& left) {
    return !left || (bound && *bound <= *left);
  };
  const auto money = available.cost.transform([](Money cost) { return cost.nanos(); });
  return within(ask.cost, money) && within(ask.tokens, available.tokens) &&
         within(ask.token_rate, available.token_rate);
}

// By money, then by tokens.
bool smaller(const Ask& one, const Ask& other) {
  return std::tie(one.cost, one.tokens) < std::tie(other.cost, other.tokens);
}

// An echoed prompt is seen in a stream too, in each of its n answers.
std::optional<std::int64_t> with_echo(const RequestBound& bound, std::int64_t n) {
  std::int64_t most = 0;
  if (__builtin_mul_overflow(bound.input, n, &most) ||
      __builtin_add_overflow(most, bound.output, &most)) {
    return std::nullopt;
  }
  return most;
}

}  // namespace

Terms unguarded_terms(const ChatRequest& request) {
  Terms terms;
  if (request.needs.max_tokens && !request.echo) {
    terms.output_max = output_bound(request.needs, *request.needs.max_tokens);
  }
  return terms;
}

Result<GuardedTerms> guarded_terms(const Offer& offer, const ChatRequest& request,
                                   const Preview& preview) {
  const RequestNeeds& needs = request.needs;
  if (request.kind == CompletionKind::kCountTokens) {
    // Free, whatever it asks: it counts as a request alone.
    return GuardedTerms{.terms = {.reserve = Reserve{}},
                        .ask = {.cost = 0, .tokens = 0, .token_rate = 0},
                        .cost = {}};
  }
  const Status priced = check_fees(offer, needs);
  if (!priced && preview.now.cost) return std::unexpected(priced.error());
  const auto tokens = token_bound(offer, needs);
  if (!tokens) return std::unexpected(tokens.error());
  const auto known = known_max_tokens(offer, needs);
  if (!known) return std::unexpected(known.error());

  GuardedTerms made;
  std::int64_t max_tokens = 0;
  if (*known) {
    max_tokens = **known;
  } else {
    max_tokens = filled_max_tokens(offer, needs, *tokens, preview);
    made.terms.limit = OutputLimit{.field = offer.max_tokens_field, .tokens = max_tokens};
  }
  const RequestBound bound = request_bound(offer, needs, *tokens, max_tokens);
  made.cost = bound.cost;
  made.ask = {.tokens = bound.tokens, .token_rate = bound.token_rate};
  if (priced) made.ask.cost = bound.cost.nanos();
  made.terms.reserve = Reserve{
      .input = bound.input, .output = bound.output, .cost = priced ? bound.cost : kMoneyMax};
  made.terms.output_max = bound.output;
  if (request.echo) made.terms.output_max = with_echo(bound, request.n);
  return made;
}

Result<GuardedTerms> choose_affordable(Route& route, const ChatRequest& request,
                                       const Preview& preview) {
  Result<GuardedTerms> chosen = std::unexpected(Error{});
  std::size_t place = 0;
  for (std::size_t i = 0; i < route.offers.size(); ++i) {
    Result<GuardedTerms> made = guarded_terms(*route.offers[i], request, preview);
    const bool better =
        made ? !chosen || smaller(made->ask, chosen->ask) || fits(made->ask, preview.now)
             : !chosen && i == 0;
    if (!better) continue;
    chosen = std::move(made);
    place = i;
    if (chosen && fits(chosen->ask, preview.now)) break;
  }
  const auto first = route.offers.begin();
  std::rotate(first, first + static_cast<std::ptrdiff_t>(place),
              first + static_cast<std::ptrdiff_t>(place) + 1);
  return chosen;
}

void cap_cost(Preview& preview, const std::optional<Money>& most) {
  if (!most) return;
  for (Available* left : {&preview.now, &preview.once_settled}) {
    left->cost = std::min(left->cost.value_or(*most), *most);
  }
}

Result<std::optional<GuardedTerms>> bound_request(Route& route, const ChatRequest& request,
                                                  Preview preview) {
  cap_cost(preview, route.max_cost);
  if (!preview.guarded()) return std::nullopt;
  auto guarded = choose_affordable(route, request, preview);
  if (!guarded) return std::unexpected(std::move(guarded.error()));
  if (route.max_cost && guarded->cost > *route.max_cost) {
    return std::unexpected(above_cost_cap(route, guarded->cost));
  }
  return std::move(*guarded);
}

}  // namespace tollgate
