// A change is true for every request that begins after it returned, whatever else goes on.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger_fixture.h"

namespace tollgate {
namespace {

class RevocationTest : public LedgerTest {
 protected:
  // Several threads use `made` until it refuses them, while `end` makes it refuse. Gives how many
  // admissions began after `end` returned and succeeded all the same.
  template <class End>
  int admitted_after(const KeyWithSecret& made, End end) {
    std::atomic<bool> ended{false};
    std::atomic<int> late{0};
    std::atomic<int> begun{0};
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          while (true) {
            const bool after = ended;
            auto identity = authenticate(made);
            if (!identity) return;
            auto reservation = reserve(*identity);
            if (!reservation) return;
            if (after) ++late;
            ++begun;
            UsageRow row = row_for(*identity, *reservation);
            EXPECT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
          }
        });
      }
      EXPECT_TRUE(eventually([&begun] { return begun >= 8; }));
      end();
      ended = true;
    }
    return late;
  }
};

TEST_F(RevocationTest, NothingIsAdmittedOnceRevokeHasReturned) {
  for (int i = 0; i < 25; ++i) {
    const KeyWithSecret made = make("key " + std::to_string(i));
    EXPECT_EQ(admitted_after(made, [&] { EXPECT_TRUE(revoke(made.key.id)); }), 0);
  }
}

TEST_F(RevocationTest, NothingIsAdmittedOnceTheKeyIsSwitchedOff) {
  const KeyWithSecret made = make("toggled");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(
        admitted_after(made, [&] { EXPECT_TRUE(switch_to(made.key.id, KeyStatus::kDisabled)); }),
        0);
    ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kActive));
  }
}

TEST_F(RevocationTest, OldSecretIsNotAdmittedOnceRotationHasReturned) {
  KeyWithSecret made = make("rotated");
  for (int i = 0; i < 10; ++i) {
    std::optional<Result<KeyWithSecret>> rotated;
    EXPECT_EQ(admitted_after(made, [&] { rotated = rotate(made.key.id, std::chrono::seconds(0)); }),
              0);
    ASSERT_TRUE(rotated && *rotated);
    made = std::move(**rotated);
  }
}

}  // namespace
}  // namespace tollgate
