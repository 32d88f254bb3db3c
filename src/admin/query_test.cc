#include "admin/query.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "base/secret.h"
#include "domain/key.h"

namespace tollgate {
namespace {

ErrorCode code_of(const Result<Query>& query) { return query.error().code; }

TEST(QueryTest, DecodesPercentEscapesAndPlus) {
  auto query = Query::parse("search=check%6Fut+service&tag=a%2Bb");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->take("search"), "checkout service");
  EXPECT_EQ(query->take("tag"), "a+b");
  EXPECT_TRUE(query->finish());
}

TEST(QueryTest, EmptyValueCountsAsAbsentAndAsKnown) {
  auto query = Query::parse("key=&model=&cursor");
  ASSERT_TRUE(query);
  EXPECT_FALSE(query->take("key"));
  EXPECT_FALSE(query->take("model"));
  EXPECT_FALSE(query->take("cursor"));
  EXPECT_TRUE(query->finish());
}

TEST(QueryTest, RefusesParameterThatStandsTwiceInAnySpelling) {
  EXPECT_EQ(code_of(Query::parse("limit=1&limi%74=2")), ErrorCode::kInvalidRequest);
}

TEST(QueryTest, RefusesBrokenEscapesAndControlCharacters) {
  for (const auto* text : {"search=%", "search=%4", "search=%zz", "search=%00", "search=%0a"}) {
    EXPECT_FALSE(Query::parse(text)) << text;
  }
}

TEST(QueryTest, RefusalSaysWhetherTheEscapeOrTheCharacterIsWrong) {
  EXPECT_NE(Query::parse("search=%zz").error().message.find("percent-encoded"), std::string::npos);
  EXPECT_NE(Query::parse("search=%0a").error().message.find("control character"),
            std::string::npos);
}

TEST(QueryTest, RefusesParametersBeyondTheMaximum) {
  std::string text = "a0=1";
  for (std::size_t i = 1; i < kQueryParametersMax; ++i) text += "&a" + std::to_string(i) + "=1";
  EXPECT_TRUE(Query::parse(text));
  EXPECT_FALSE(Query::parse(text + "&one_more=1"));
}

TEST(QueryTest, FinishNamesAParameterNobodyTook) {
  auto query = Query::parse("sort=name");
  ASSERT_TRUE(query);
  const auto status = query->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(status.error().param, "sort");
}

TEST(QueryTest, FinishDoesNotRepeatANameThatCouldBeASecret) {
  SystemRandom random;
  const Secret token = TokenFormat::standard().mint(TokenKind::kProduction, random);
  auto query = Query::parse(std::string(token.expose()) + "=1");
  ASSERT_TRUE(query);
  const auto status = query->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message.find(token.expose()), std::string::npos);
}

TEST(QueryTest, LimitIsFrom1To1000And100ByDefault) {
  EXPECT_EQ(Query::parse("")->take_limit().value(), 100);
  EXPECT_EQ(Query::parse("limit=1")->take_limit().value(), 1);
  EXPECT_EQ(Query::parse("limit=1000")->take_limit().value(), 1'000);
  for (const auto* text : {"limit=0", "limit=1001", "limit=-1", "limit=1.5", "limit=x", "limit=+1",
                           "limit=99999999999999999999"}) {
    EXPECT_FALSE(Query::parse(text)->take_limit()) << text;
  }
}

TEST(QueryTest, TruthIsTrueOrFalseAndNothingElse) {
  EXPECT_EQ(Query::parse("abort=true")->take_truth("abort", Query::Truth::kFalse).value(),
            Query::Truth::kTrue);
  EXPECT_EQ(Query::parse("")->take_truth("abort", Query::Truth::kFalse).value(),
            Query::Truth::kFalse);
  EXPECT_FALSE(Query::parse("abort=yes")->take_truth("abort", Query::Truth::kFalse));
}

TEST(QueryTest, NamedValueMustBeOneOfItsEnum) {
  EXPECT_EQ(Query::parse("status=revoked")->take_named("status", key_status_from_name).value(),
            KeyStatus::kRevoked);
  EXPECT_FALSE(Query::parse("status=gone")->take_named("status", key_status_from_name));
}

class TokenInUrlTest : public testing::Test {
 protected:
  SystemRandom random_;
  TokenFormat format_ = TokenFormat::standard();
  std::string token_{format_.mint(TokenKind::kManagement, random_).expose()};
};

TEST_F(TokenInUrlTest, FindsATokenInAnyParameterOrPathSegment) {
  EXPECT_TRUE(token_in_admin_url("/admin/v1/usage?key=" + token_, format_));
  EXPECT_TRUE(token_in_admin_url("/admin/v1/keys?search=" + token_, format_));
  EXPECT_TRUE(token_in_admin_url("/admin/v1/keys/" + token_, format_));
  EXPECT_TRUE(token_in_admin_url("/admin/v1/keys/" + token_ + "/rotate", format_));
  EXPECT_TRUE(token_in_admin_url("/admin/v1/keys?access_token=x", format_));
}

TEST_F(TokenInUrlTest, LeavesAKeyFilterAlone) {
  EXPECT_FALSE(token_in_admin_url("/admin/v1/usage?key=checkout&model=", format_));
  EXPECT_FALSE(token_in_admin_url("/admin/v1/keys/key_8f2k1m9q0zt7c4xw5b3a", format_));
}

}  // namespace
}  // namespace tollgate
