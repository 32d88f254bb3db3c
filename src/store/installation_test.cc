#include "store/installation.h"

#include "store/test_store.h"

namespace tollgate::store {
namespace {

using InstallationTest = StoreTest;

TEST_F(InstallationTest, IsAbsentUntilTheFirstStartMakesIt) {
  EXPECT_EQ(load_installation(connection_).value(), std::nullopt);
  const Installation made{.id = "inst_a", .created_at = test_time(), .token_prefix = "sk-a-"};
  expect_ok(insert_installation(connection_, made));
  const std::optional<Installation> found = load_installation(connection_).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.id);
  EXPECT_EQ(found->created_at, made.created_at);
  EXPECT_EQ(found->token_prefix, made.token_prefix);
}

TEST_F(InstallationTest, IsMadeOnceAndChangesItsPrefix) {
  const Installation made{.id = "inst_a", .created_at = test_time(), .token_prefix = "sk-a-"};
  expect_ok(insert_installation(connection_, made));
  EXPECT_EQ(insert_installation(connection_, made).error().code, ErrorCode::kConflict);
  expect_ok(set_token_prefix(connection_, "sk-b-"));
  EXPECT_EQ(load_installation(connection_).value()->token_prefix, "sk-b-");
}

}  // namespace
}  // namespace tollgate::store
