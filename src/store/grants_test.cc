#include "store/grants.h"

#include "store/test_store.h"

namespace tollgate::store {
namespace {

class GrantsTest : public StoreTest {
 protected:
  static Grant grant_of(std::int64_t nanos, const std::string& id = "grant_1") {
    return {.id = id,
            .workspace = default_workspace_id(),
            .at = test_time(),
            .amount = Money::from_nanos(nanos),
            .note = "invoice 7",
            .actor = "cli"};
  }

  Balance balance() { return load_balance(connection_, default_workspace_id()).value(); }
};

TEST_F(GrantsTest, GrantsAndDeductionsAddUpInTheWorkspace) {
  Grant first = grant_of(25'000'000'000, "grant_1");
  Grant second = grant_of(-5'000'000'001, "grant_2");
  expect_ok(insert_grant(connection_, first));
  expect_ok(insert_grant(connection_, second));
  EXPECT_EQ(balance().granted, Money::from_nanos(19'999'999'999));
  EXPECT_EQ(balance().granted.nanos(), number("SELECT sum(amount) FROM grants"));
  EXPECT_EQ(find_grant(connection_, "grant_2").value(), second);
}

TEST_F(GrantsTest, SumBeyondCountingIsRefusedAndLeavesNoRow) {
  Grant most = grant_of(9'000'000'000'000'000'000, "grant_1");
  expect_ok(insert_grant(connection_, most));
  Grant more = grant_of(1, "grant_2");
  const Status refused = insert_grant(connection_, more);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnprocessable);
  EXPECT_EQ(refused.error().param, "amount");
  EXPECT_EQ(number("SELECT count(*) FROM grants"), 1);
}

TEST_F(GrantsTest, ChargedIsWhatTheRowsOfEveryDayWereCharged) {
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(), 1), usage_row(key, test_time(48 * kHourMicros), 2)});
  EXPECT_EQ(balance().charged, Money::from_nanos(501 + 502));
  EXPECT_EQ(balance().charged.nanos(), number("SELECT sum(charged) FROM usage"));
}

TEST_F(GrantsTest, OneWorkspaceNeverPaysForAnother) {
  expect_ok(insert_workspace(
      connection_, {.id = WorkspaceId("ws_shop"), .name = "shop", .created_at = test_time()}));
  Grant grant = grant_of(7);
  expect_ok(insert_grant(connection_, grant));
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(), 1)});
  const Balance other = load_balance(connection_, WorkspaceId("ws_shop")).value();
  EXPECT_EQ(other, Balance());
  EXPECT_TRUE(
      list_grants(connection_, {.workspace = WorkspaceId("ws_shop")}).value().grants.empty());
}

TEST_F(GrantsTest, PagesGiveEveryGrantOnceNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    Grant grant = grant_of(i + 1, "grant_" + std::to_string(i));
    expect_ok(insert_grant(connection_, grant));
  }
  GrantQuery query{.workspace = default_workspace_id(), .limit = 2};
  std::vector<std::int64_t> seen;
  do {
    const GrantPage page = list_grants(connection_, query).value();
    EXPECT_LE(page.grants.size(), 2u);
    for (const Grant& grant : page.grants) seen.push_back(grant.amount.nanos());
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  EXPECT_EQ(seen, (std::vector<std::int64_t>{5, 4, 3, 2, 1}));
  query.cursor = "x";
  EXPECT_EQ(list_grants(connection_, query).error().code, ErrorCode::kInvalidRequest);
}

TEST_F(GrantsTest, UnknownWorkspaceAndGrantAreNotFound) {
  Grant grant = grant_of(1);
  grant.workspace = WorkspaceId("ws_none");
  EXPECT_EQ(insert_grant(connection_, grant).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(find_grant(connection_, "grant_none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(load_balance(connection_, WorkspaceId("ws_none")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tollgate::store
