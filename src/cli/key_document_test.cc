#include "cli/key_document.h"

#include <gtest/gtest.h>

namespace tollgate::cli {
namespace {

const WallTime kNow = parse_time("2026-11-21T10:15:30Z").value();

TEST(CreateDocument, HoldsOnlyWhatWasGiven) {
  KeyFlags flags;
  flags.name = "n";
  EXPECT_EQ(json::serialize(create_document(flags, kNow).value()), R"({"name":"n"})");
}

TEST(CreateDocument, HoldsEveryField) {
  KeyFlags flags;
  flags.name = "n";
  flags.description = "d";
  flags.icon = "i";
  flags.environment = "sandbox";
  flags.type = "management";
  flags.role = "member";
  flags.region = "eu";
  flags.enforcement = "soft";
  flags.models = {{"a,b", "c"}};
  flags.allowed_ips = {{"10.0.0.0/8"}};
  flags.tags = {{"t"}};
  flags.expires = "30d";
  flags.prefer_low_carbon = true;
  flags.disabled = true;
  flags.limits.parallel = "4";
  EXPECT_EQ(json::serialize(create_document(flags, kNow).value()),
            R"({"name":"n","description":"d","icon":"i","region":"eu","role":"member",)"
            R"("enforcement":"soft","models":["a","b","c"],"allowed_ips":["10.0.0.0/8"],)"
            R"("tags":["t"],"prefer_low_carbon":true,"expires_at":"2026-12-21T10:15:30.000000Z",)"
            R"("limits":[{"metric":"concurrency","amount":4}],"environment":"sandbox",)"
            R"("type":"management","enabled":false})");
}

TEST(UpdateDocument, ClearsWhatIsGivenEmpty) {
  KeyFlags flags;
  flags.description = "";
  flags.icon = "";
  flags.region = "";
  flags.models = {{""}};
  flags.tags = {{""}};
  flags.no_expiry = true;
  flags.no_limits = true;
  flags.prefer_low_carbon = false;
  EXPECT_EQ(json::serialize(update_document(flags, kNow).value()),
            R"({"description":null,"icon":null,"region":null,"models":[],"tags":[],)"
            R"("prefer_low_carbon":false,"expires_at":null,"limits":[]})");
}

TEST(UpdateDocument, LimitsAreTheWholeNewListAndNotBesideNoLimits) {
  KeyFlags flags;
  flags.limits.daily = "500cr";
  EXPECT_EQ(json::serialize(update_document(flags, kNow).value()),
            R"({"limits":[{"metric":"cost","window":"day","amount":"500","unit":"credits"}]})");
  flags.no_limits = true;
  EXPECT_FALSE(update_document(flags, kNow));
}

TEST(UpdateDocument, IsEmptyWithoutFlags) {
  EXPECT_TRUE(update_document({}, kNow).value().empty());
}

TEST(ParseExpiry, TakesDurationsTimesAndDates) {
  EXPECT_EQ(parse_expiry("12h", kNow).value(), "2026-11-21T22:15:30.000000Z");
  EXPECT_EQ(parse_expiry("2027-01-31", kNow).value(), "2027-01-31");
  EXPECT_EQ(parse_expiry("2027-01-31T12:00:00+01:00", kNow).value(), "2027-01-31T12:00:00+01:00");
  EXPECT_FALSE(parse_expiry("soon", kNow));
  EXPECT_FALSE(parse_expiry("", kNow));
}

TEST(ParseSince, CountsBackFromNow) {
  EXPECT_EQ(parse_since("7d", kNow).value(), "2026-11-14T10:15:30.000000Z");
  EXPECT_EQ(parse_since("2026-11-01", kNow).value(), "2026-11-01");
  EXPECT_FALSE(parse_since("yesterday", kNow));
}

}  // namespace
}  // namespace tollgate::cli
