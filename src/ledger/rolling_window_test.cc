#include "ledger/rolling_window.h"

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "ledger/budgets_fixture.h"

namespace tollgate {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

SteadyTime at(std::int64_t milliseconds) {
  return SteadyTime(std::chrono::milliseconds(milliseconds));
}

std::int64_t total(const RollingWindow& window, SteadyTime now) {
  const RollingWindow::Sums sums = window.sums(now);
  return narrow(sums.settled + sums.held);
}

TEST(RollingWindowTest, CountsTheOldestSecondWholeAndNothingBeyondIt) {
  RollingWindow window;
  window.settle(7, at(1'999), at(1'999));
  EXPECT_EQ(total(window, at(1'999)), 7);
  EXPECT_EQ(total(window, at(61'999)), 7);
  EXPECT_EQ(total(window, at(62'000)), 0);
}

TEST(RollingWindowTest, CorrectsTheSlotOfTheAdmissionToTheActualAmount) {
  RollingWindow window;
  window.hold(100, at(5'000));
  window.hold(1, at(30'000));
  window.release(100, at(5'500));
  window.settle(20, at(5'500), at(40'000));
  EXPECT_EQ(total(window, at(65'900)), 21);
  EXPECT_EQ(total(window, at(66'000)), 1);
}

TEST(RollingWindowTest, DropsAnAmountWhoseWindowsAreAllOver) {
  RollingWindow window;
  window.settle(9, at(5'000), at(66'000));
  EXPECT_EQ(total(window, at(66'000)), 0);
  EXPECT_EQ(total(window, at(5'000)), 0);
}

TEST(RollingWindowTest, SaysWhenEnoughHasLeft) {
  RollingWindow window;
  window.settle(10, at(1'500), at(1'500));
  window.hold(5, at(9'000));
  EXPECT_EQ(window.leaves_at(10, at(20'000)), at(62'000));
  EXPECT_EQ(window.leaves_at(11, at(20'000)), at(70'000));
  EXPECT_FALSE(window.leaves_at(16, at(20'000)));
  EXPECT_EQ(window.empty_at(at(20'000)), at(70'000));
  EXPECT_FALSE(window.empty_at(at(70'000)));
}

TEST(RollingWindowTest, ForgetsNoSlotThatAnOpenRequestMayGrowInto) {
  RollingWindow window;
  window.settle(50, at(1'000), at(1'000));
  window.hold(10, at(50'000));
  window.forget(at(500'000));
  EXPECT_EQ(narrow(window.fullest(at(50'000), at(500'000)).settled), 50);
  window.release(10, at(50'000));
  window.forget(at(500'000));
  EXPECT_EQ(narrow(window.fullest(at(50'000), at(500'000)).settled), 0);
}

// Every window that contains the admission, second by second.
std::int64_t fullest_by_counting(const std::vector<std::pair<std::int64_t, int>>& amounts,
                                 std::int64_t admitted, std::int64_t now) {
  std::int64_t fullest = 0;
  for (std::int64_t end = admitted; end <= std::min(now, admitted + 60); ++end) {
    std::int64_t sum = 0;
    for (const auto& [second, amount] : amounts) {
      if (second >= end - 60 && second <= end) sum += amount;
    }
    fullest = std::max(fullest, sum);
  }
  return fullest;
}

TEST(RollingWindowTest, FindsTheFullestWindowThatContainsAnAdmission) {
  SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    RollingWindow window;
    std::vector<std::pair<std::int64_t, int>> amounts;
    for (int i = 0; i < 40; ++i) {
      amounts.emplace_back(random.below(240), static_cast<int>(random.below(100)));
      window.settle(amounts.back().second, at(amounts.back().first * 1'000), at(0));
    }
    const std::int64_t admitted = amounts[random.below(40)].first;
    const std::int64_t now = admitted + random.below(120);
    std::erase_if(amounts, [now](const auto& amount) { return amount.first > now; });
    EXPECT_EQ(narrow(window.fullest(at(admitted * 1'000), at(now * 1'000)).settled),
              fullest_by_counting(amounts, admitted, now))
        << "round " << round;
  }
}

// A limit of 60 at 10,000 random points of a moving clock, against all admissions before.
class RollingLimitTest : public BudgetsTest {
 protected:
  static constexpr int kPoints = 10'000;

  std::size_t admitted_within(std::chrono::microseconds span) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        admitted, [&](SteadyTime then) { return now.steady - then <= span; }));
  }
  void move_clock(SeededRandom& random) {
    // Mostly dense, so that the limit is reached; at times a pause of up to two minutes.
    const std::uint32_t span = random.below(200) == 0 ? 120'000'000 : 1'500'000;
    advance(microseconds(random.below(span)));
  }

  std::vector<SteadyTime> admitted;
};

TEST_F(RollingLimitTest, Never61WithinAny60SecondsAndTheLast60thAtMostASecondLate) {
  KeyBudget& key = key_with({request_limit(60, kMinute)});
  SeededRandom random(60);
  int refusals = 0;
  for (int point = 0; point < kPoints; ++point) {
    move_clock(random);
    Decision decision = ask(key, {});
    if (auto* hold = std::get_if<Hold>(&decision)) {
      admitted.push_back(now.steady);
      ASSERT_LE(admitted_within(seconds(60)), 60U) << "at point " << point;
      if (random.below(2) == 0) {
        settle(std::move(*hold));
      } else {
        held.push_back(std::move(*hold));
      }
    } else {
      ++refusals;
      ASSERT_GE(admitted_within(seconds(61)), 60U) << "at point " << point;
    }
  }
  EXPECT_GT(refusals, kPoints / 10);
  EXPECT_GT(admitted.size(), static_cast<std::size_t>(kPoints / 10));
}

TEST_F(RollingLimitTest, SaysTheMomentFromWhichTheNextFits) {
  KeyBudget& key = key_with({request_limit(60, kMinute)});
  SeededRandom random(61);
  int checked = 0;
  for (int point = 0; point < kPoints / 4; ++point) {
    move_clock(random);
    const Decision decision = ask(key, {});
    const auto* refusal = std::get_if<Refusal>(&decision);
    if (refusal == nullptr) continue;
    ++checked;
    ASSERT_TRUE(refusal->resets_in);
    advance(*refusal->resets_in - microseconds(1));
    ASSERT_EQ(refused(key).reason, RefusalReason::kRate);
    advance(microseconds(1));
    ASSERT_TRUE(admits(key));
  }
  EXPECT_GT(checked, 10);
}

TEST_F(RollingLimitTest, NeverMoreTokensThanTheRateWithinAny60Seconds) {
  constexpr std::int64_t kRate = 1'000;
  KeyBudget& key = key_with({token_limit(kRate, kMinute)});
  SeededRandom random(62);
  std::vector<std::pair<SteadyTime, std::int64_t>> used;
  for (int point = 0; point < kPoints; ++point) {
    move_clock(random);
    const std::int64_t bound = 1 + random.below(100);
    Decision decision = ask(key, tokens_of(bound));
    if (auto* waiter = std::get_if<WaiterId>(&decision)) budgets.cancel(*waiter, now, resolved);
    auto* hold = std::get_if<Hold>(&decision);
    if (hold == nullptr) continue;
    const std::int64_t actual = random.below(static_cast<std::uint32_t>(bound) + 1);
    used.emplace_back(now.steady, actual);
    advance(microseconds(random.below(3'000'000)));
    settle(std::move(*hold), {.tokens = actual});
    std::int64_t sum = 0;
    for (auto use = used.rbegin(); use != used.rend(); ++use) {
      if (used.back().first - use->first > seconds(60)) break;
      sum += use->second;
    }
    ASSERT_LE(sum, kRate) << "at point " << point;
  }
  EXPECT_GT(used.size(), 1'000U);
}

}  // namespace
}  // namespace tollgate
