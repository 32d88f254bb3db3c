#include "admin/usage.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

Result<UsageRequest> parse(std::string_view text, std::string_view accept = {}) {
  net::FieldList head;
  if (!accept.empty()) head.fields.push_back({"Accept", accept});
  auto query = Query::parse(text);
  EXPECT_TRUE(query);
  return parse_usage_request(*query, head, WorkspaceId("ws_default"));
}

WallTime at(std::string_view text) { return parse_time(text).value(); }

TEST(UsageRequestTest, NoParametersMeanTheNewestHundredRowsOfTheWorkspace) {
  const auto request = parse("key=&model=&from=&to=&limit=&cursor=");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->query.workspace, WorkspaceId("ws_default"));
  EXPECT_EQ(request->query.limit, 100);
  EXPECT_FALSE(request->query.from);
  EXPECT_FALSE(request->query.to);
  EXPECT_FALSE(request->group);
  EXPECT_TRUE(request->key.empty());
  EXPECT_EQ(request->format, UsageRequest::Format::kJson);
}

TEST(UsageRequestTest, DateAsToIncludesTheWholeDay) {
  const auto request = parse("from=2026-11-01&to=2026-11-30");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->query.from, at("2026-11-01T00:00:00Z"));
  EXPECT_EQ(request->query.to, at("2026-12-01T00:00:00Z"));
}

TEST(UsageRequestTest, TimeAsToIsExact) {
  const auto request = parse("from=2026-11-01T12:00:00Z&to=2026-11-01T13:00:00%2B01:00");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->query.from, at("2026-11-01T12:00:00Z"));
  EXPECT_EQ(request->query.to, at("2026-11-01T12:00:00Z"));
}

TEST(UsageRequestTest, RefusesWhatItCannotRead) {
  for (const auto* text :
       {"from=yesterday", "to=2026-13-01", "group_by=provider", "format=xml", "limit=0",
        "sort=cost", "status=600", "status=Not+Found", "status=ok&group_by=day",
        "from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z"}) {
    const auto request = parse(text);
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidRequest) << text;
    EXPECT_TRUE(request.error().param) << text;
  }
}

TEST(UsageRequestTest, CsvIsAskedForByParameterOrAcceptAndHasNoCapByItself) {
  EXPECT_EQ(parse("format=csv")->format, UsageRequest::Format::kCsv);
  EXPECT_EQ(parse("", "text/csv")->format, UsageRequest::Format::kCsv);
  EXPECT_EQ(parse("format=json", "text/csv")->format, UsageRequest::Format::kJson);
  EXPECT_EQ(parse("", "*/*")->format, UsageRequest::Format::kJson);
  EXPECT_FALSE(parse("format=csv")->rows_max);
  EXPECT_EQ(parse("format=csv&limit=5")->rows_max, 5);
}

TEST(UsageRequestTest, ReadsHowRowsEnded) {
  EXPECT_EQ(parse("")->query.status, store::UsageStatus());
  EXPECT_EQ(parse("status=5xx")->query.status, (store::UsageStatus{.least = 500, .most = 599}));
  EXPECT_EQ(parse("status=provider_timeout&format=csv")->query.status.error_code,
            "provider_timeout");
}

TEST(UsageRequestTest, ReadsTheGroup) {
  EXPECT_EQ(parse("group_by=key")->group, store::UsageGroup::kKey);
  EXPECT_EQ(parse("group_by=model")->group, store::UsageGroup::kModel);
  EXPECT_EQ(parse("group_by=day")->group, store::UsageGroup::kDay);
}

}  // namespace
}  // namespace tollgate
