#include "intake/terms.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

// A dollar a million tokens in, two out.
Offer offer() {
  Offer offer;
  offer.context_window = 10'000;
  offer.max_output_tokens = 500;
  offer.prices.tokens.input = Money::from_nanos(1'000'000'000);
  offer.prices.tokens.output = Money::from_nanos(2'000'000'000);
  return offer;
}

// With these members beside it, e.g. ,"n":2
ChatRequest chat(const std::string& members) {
  return read_chat_request(R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + members +
                           "}")
      .value();
}
ChatRequest text(const std::string& members) {
  return read_completion_request(R"({"model":"m","prompt":"hi")" + members + "}").value();
}

Preview guarding(Available now, std::optional<Available> once_settled = {}) {
  return {.now = now, .once_settled = once_settled.value_or(now)};
}
const Preview kMuch = guarding({.cost = Money::from_nanos(1'000'000'000)});

TEST(UnguardedTerms, HoldNothingAndLeaveTheBodyAlone) {
  const Terms terms = unguarded_terms(chat(""));
  EXPECT_FALSE(terms.limit);
  EXPECT_FALSE(terms.reserve);
  EXPECT_FALSE(terms.output_max);
}

TEST(UnguardedTerms, BoundTheOutputByWhatTheClientAskedForOverAllChoices) {
  EXPECT_EQ(unguarded_terms(chat(R"(,"max_tokens":7)")).output_max, 7);
  EXPECT_EQ(unguarded_terms(text(R"(,"max_tokens":7,"n":2,"best_of":3)")).output_max, 21);
  EXPECT_EQ(unguarded_terms(text(R"(,"max_tokens":7,"echo":true)")).output_max, std::nullopt);
}

TEST(GuardedTerms, WhatTheClientGaveIsNeitherRaisedNorShortened) {
  for (const std::int64_t given : {1, 400, 5'000'000}) {
    const ChatRequest request = chat(",\"max_tokens\":" + std::to_string(given) + ",\"n\":2");
    const auto made = guarded_terms(offer(), request, guarding({.cost = Money::from_nanos(1)}));
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->terms.limit);
    EXPECT_EQ(made->terms.output_max, 2 * given);
    const std::int64_t input = request.needs.text_bytes + 1'024;
    EXPECT_EQ(made->terms.reserve->input, input);
    EXPECT_EQ(made->terms.reserve->output, 2 * given);
    EXPECT_EQ(made->ask.tokens, input + 2 * given);
    EXPECT_EQ(made->ask.token_rate, (request.needs.text_bytes + 2) / 3 + 2 * given);
    EXPECT_EQ(made->ask.cost, input * 1'000 + 2 * given * 2'000);
    EXPECT_EQ(made->cost.nanos(), made->ask.cost);
    EXPECT_EQ(made->terms.reserve->cost.nanos(), made->ask.cost);
  }
}

TEST(GuardedTerms, AnAbsentLimitIsSetInTheMemberThatTheOfferNames) {
  Offer named = offer();
  named.max_tokens_field = "max_completion_tokens";
  const auto made = guarded_terms(named, chat(R"(,"n":3)"), kMuch);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->terms.limit->field, "max_completion_tokens");
  EXPECT_EQ(made->terms.limit->tokens, 500);
  EXPECT_EQ(made->terms.output_max, 1'500);
  EXPECT_EQ(made->terms.reserve->output, 1'500);
}

TEST(GuardedTerms, AnAbsentLimitIsAtMostWhatTheMoneyBuys) {
  const ChatRequest request = chat("");
  const std::int64_t input_cost = (request.needs.text_bytes + 1'024) * 1'000;
  const Preview preview = guarding({.cost = Money::from_nanos(input_cost + 10 * 2'000)});
  const auto made = guarded_terms(offer(), request, preview);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->terms.limit->tokens, 10);
  EXPECT_EQ(made->ask.cost, preview.now.cost->nanos());
}

TEST(GuardedTerms, WhereNothingIsLeftNowTheRequestMayWaitForWhatIsHeld) {
  const Available nothing{.tokens = 0};
  const auto made = guarded_terms(offer(), chat(""), guarding(nothing, Available{.tokens = 1'200}));
  ASSERT_TRUE(made);
  EXPECT_GT(made->terms.limit->tokens, 1);
  EXPECT_LE(*made->ask.tokens, 1'200);
}

TEST(GuardedTerms, WhereNothingIsLeftAtAllTheyAskForOneTokenSoThatTheLimitIsNamed) {
  const auto made = guarded_terms(offer(), chat(R"(,"n":2)"), guarding({.tokens = 0}));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->terms.limit->tokens, 1);
  EXPECT_EQ(made->terms.output_max, 2);
  EXPECT_GT(*made->ask.tokens, 2);
}

TEST(GuardedTerms, FeesThatNothingBoundsAreRefusedWhereMoneyIsGuarded) {
  const ChatRequest request = chat(R"(,"web_search_options":{})");
  const auto refused = guarded_terms(offer(), request, kMuch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kModelNotPriced);
  const auto made = guarded_terms(offer(), request, guarding({.tokens = 100'000}));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->ask.cost, std::nullopt);
  EXPECT_EQ(made->terms.reserve->cost, kMoneyMax);
  EXPECT_GT(made->cost, Money());
}

TEST(GuardedTerms, AnEchoedPromptIsNoOutputOfThePromptsOwnBound) {
  const ChatRequest request = text(R"(,"max_tokens":5,"n":2,"echo":true)");
  const auto made = guarded_terms(offer(), request, kMuch);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->terms.reserve->output, 10);
  EXPECT_EQ(made->terms.output_max, 10 + 2 * made->terms.reserve->input);
}

// --- the choice among offers (SPEC §6) ---

class AffordableTest : public testing::Test {
 protected:
  AffordableTest() {
    for (const std::int64_t price : {2'000, 1'000, 3'000}) {
      Offer& made = offers_.emplace_back(offer());
      made.prices.tokens.input = Money::from_nanos(price * 1'000'000);
    }
    for (const Offer& one : offers_) route_.offers.push_back(&one);
  }
  // The offers by number, in the order of the route.
  std::string order() const {
    std::string order;
    for (const Offer* one : route_.offers) order += std::to_string(one - offers_.data());
    return order;
  }
  std::vector<Offer> offers_;
  Route route_;
  ChatRequest request_ = chat(R"(,"max_tokens":1)");
};

TEST_F(AffordableTest, TheFirstOfferThatFitsNowIsTried) {
  ASSERT_TRUE(choose_affordable(route_, request_, kMuch));
  EXPECT_EQ(order(), "012");
}

TEST_F(AffordableTest, AnOfferThatFitsNowGoesBeforeABetterOneThatDoesNot) {
  const std::int64_t cheap = (request_.needs.text_bytes + 1'024) * 1'000 + 2'000;
  const auto made =
      choose_affordable(route_, request_, guarding({.cost = Money::from_nanos(cheap)}));
  ASSERT_TRUE(made);
  EXPECT_EQ(order(), "102");
  EXPECT_EQ(made->ask.cost, cheap);
}

TEST_F(AffordableTest, WhereNoneFitsTheSmallestBoundIsAskedFor) {
  const auto made = choose_affordable(route_, request_, guarding({.cost = Money::from_nanos(1)}));
  ASSERT_TRUE(made);
  EXPECT_EQ(order(), "102");
}

TEST_F(AffordableTest, AnOfferThatCannotBeBoundedIsPassedOver) {
  offers_[0].prices.per_minute = Money::from_nanos(1);
  ASSERT_TRUE(choose_affordable(route_, request_, kMuch));
  EXPECT_EQ(order(), "102");
  for (Offer& one : offers_) one.prices.per_minute = Money::from_nanos(1);
  const auto none = choose_affordable(route_, request_, kMuch);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kModelNotPriced);
}

TEST(BoundRequest, HoldsNothingWhereNothingGuards) {
  const Offer one = offer();
  Route route;
  route.offers = {&one};
  const auto bound = bound_request(route, chat(""), Preview());
  ASSERT_TRUE(bound);
  EXPECT_FALSE(*bound);
}

TEST(BoundRequest, ARoutesCostCapFillsMaxTokensAndIsNeverPassed) {
  const Offer one = offer();
  Route route;
  route.offers = {&one};
  route.max_cost = Money::from_nanos(2'000'000);
  const auto filled = bound_request(route, chat(""), Preview());
  ASSERT_TRUE(filled && *filled);
  EXPECT_LE((*filled)->cost, *route.max_cost);
  const auto given = bound_request(route, chat(R"(,"max_tokens":5000)"), kMuch);
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace tollgate
