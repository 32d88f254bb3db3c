#include "domain/text_rules.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

constexpr std::size_t kLengthMax = 4;

TEST(TextRulesTest, LengthIsCountedInCharactersNotBytes) {
  EXPECT_FALSE(text_problem("\u00e9\u00e9\u00e9\u00e9", kLengthMax, TextRule::kOneLine));
  EXPECT_TRUE(text_problem("\u00e9\u00e9\u00e9\u00e9\u00e9", kLengthMax, TextRule::kOneLine));
}

TEST(TextRulesTest, LineEndsAndTabsStandOnlyWhereTheRuleAllowsThem) {
  EXPECT_TRUE(text_problem("a\nb", kLengthMax, TextRule::kOneLine));
  EXPECT_TRUE(text_problem("a\tb", kLengthMax, TextRule::kOneLine));
  EXPECT_FALSE(text_problem("a\nb", kLengthMax, TextRule::kLines));
  EXPECT_TRUE(text_problem("a\x1b", kLengthMax, TextRule::kLines));
}

TEST(TextRulesTest, BytesThatAreNotUtf8AreRefused) {
  EXPECT_TRUE(text_problem("\xff", kLengthMax, TextRule::kLines));
}

TEST(TextRulesTest, NameShowsSomething) {
  EXPECT_TRUE(name_problem("", kLengthMax));
  EXPECT_TRUE(name_problem("  ", kLengthMax));
  EXPECT_TRUE(name_problem("\u2003\u200b", kLengthMax));
  EXPECT_FALSE(name_problem("a b", kLengthMax));
}

}  // namespace
}  // namespace tollgate
