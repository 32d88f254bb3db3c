#include "store/idempotency.h"

#include "store/test_store.h"

namespace tollgate::store {
namespace {

class IdempotencyTest : public StoreTest {
 protected:
  IdempotencyRecord record(WallTime created_at) {
    return {.caller = "key_a",
            .key = "once",
            .fingerprint = sha256("body"),
            .object_id = "key_made",
            .created_at = created_at};
  }
};

TEST_F(IdempotencyTest, FindsItsOwnCallersKeyOnly) {
  expect_ok(insert_idempotency(connection_, record(test_time())));
  const auto found = find_idempotency(connection_, "key_a", "once", test_time()).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fingerprint, sha256("body"));
  EXPECT_EQ(found->object_id, "key_made");
  EXPECT_FALSE(find_idempotency(connection_, "key_b", "once", test_time()).value());
  EXPECT_FALSE(find_idempotency(connection_, "key_a", "other", test_time()).value());
}

TEST_F(IdempotencyTest, ForgetsAfter24Hours) {
  expect_ok(insert_idempotency(connection_, record(test_time())));
  const WallTime last = test_time(24 * kHourMicros - 1);
  const WallTime after = test_time(24 * kHourMicros);
  EXPECT_TRUE(find_idempotency(connection_, "key_a", "once", last).value());
  EXPECT_FALSE(find_idempotency(connection_, "key_a", "once", after).value());
  expect_ok(insert_idempotency(connection_, record(after)));
  EXPECT_TRUE(find_idempotency(connection_, "key_a", "once", after).value());
}

TEST_F(IdempotencyTest, RefusesASecondLiveOne) {
  expect_ok(insert_idempotency(connection_, record(test_time())));
  EXPECT_EQ(insert_idempotency(connection_, record(test_time(1))).error().code,
            ErrorCode::kConflict);
}

TEST_F(IdempotencyTest, RemovesOnlyWhatIsOld) {
  expect_ok(insert_idempotency(connection_, record(test_time())));
  expect_ok(remove_old_idempotency(connection_, test_time(24 * kHourMicros - 1)));
  EXPECT_EQ(number("SELECT count(*) FROM idempotency"), 1);
  expect_ok(remove_old_idempotency(connection_, test_time(24 * kHourMicros)));
  EXPECT_EQ(number("SELECT count(*) FROM idempotency"), 0);
}

}  // namespace
}  // namespace tollgate::store
