#include "admin/keys.h"

#include <gtest/gtest.h>

#include <tuple>

namespace tollgate {
namespace {

Result<KeyListRequest> parse(std::string_view text) {
  auto query = Query::parse(text);
  EXPECT_TRUE(query);
  return parse_key_list(*query, WorkspaceId("ws_default"));
}

TEST(KeyListTest, ReadsEveryFilter) {
  const auto request = parse(
      "limit=5&cursor=abc&search=shop&status=revoked&environment=sandbox&type=management&tag=x");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->query.workspace, WorkspaceId("ws_default"));
  EXPECT_EQ(request->query.limit, 5);
  EXPECT_EQ(request->query.cursor, "abc");
  EXPECT_EQ(request->query.search, "shop");
  EXPECT_EQ(request->query.status, KeyStatus::kRevoked);
  EXPECT_EQ(request->query.environment, Environment::kSandbox);
  EXPECT_EQ(request->query.type, KeyType::kManagement);
  EXPECT_EQ(request->query.tag, "x");
  EXPECT_TRUE(request->name.empty());
}

TEST(KeyListTest, IsNewestFirstUnlessAnotherOrderIsAskedFor) {
  using enum Ledger::KeySort;
  const std::tuple<const char*, Ledger::KeySort, Ledger::SortOrder> orders[] = {
      {"", kCreated, Ledger::SortOrder::kDescending},
      {"sort=created&order=asc", kCreated, Ledger::SortOrder::kAscending},
      {"sort=name", kName, Ledger::SortOrder::kAscending},
      {"sort=name&order=desc", kName, Ledger::SortOrder::kDescending},
      {"sort=last_used", kLastUsed, Ledger::SortOrder::kDescending},
      {"sort=requests", kRequests, Ledger::SortOrder::kDescending},
      {"sort=errors&order=asc", kErrors, Ledger::SortOrder::kAscending},
      {"sort=error_rate", kErrorRate, Ledger::SortOrder::kDescending},
  };
  for (const auto& [text, sort, order] : orders) {
    const auto request = parse(text);
    ASSERT_TRUE(request) << text;
    EXPECT_EQ(request->query.sort, sort) << text;
    EXPECT_EQ(request->query.order, order) << text;
  }
}

TEST(KeyListTest, NameStandsAloneBesideTheLimit) {
  EXPECT_EQ(parse("name=checkout&limit=3")->name, "checkout");
  EXPECT_FALSE(parse("name=checkout&status=active"));
}

TEST(KeyListTest, RefusesUnknownParametersAndValues) {
  for (const auto* text : {"status=gone", "environment=staging", "type=other", "sort=color",
                           "order=up", "limit=1001"}) {
    const auto request = parse(text);
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidRequest) << text;
  }
}

}  // namespace
}  // namespace tollgate
