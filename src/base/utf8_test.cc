#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("abc"), 3u);
  EXPECT_EQ(utf8_length("\u00e9\u20ac\U0001F600"), 3u);
}

TEST(Utf8, TakesTheFirstAndLastCharacterOfEachLength) {
  for (const char* text :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(utf8_length(text), 1u);
  }
}

TEST(Utf8, RefusesWhatRfc3629Forbids) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xc3"}) {
    EXPECT_FALSE(utf8_length(text)) << std::string(text).size();
  }
}

TEST(Utf8, AStepOverBrokenTextTakesItsMaximalSubpart) {
  EXPECT_EQ(utf8_step("\xe2\x82z", 0).size, 2u);
  EXPECT_EQ(utf8_step("\xe0\x80", 0).size, 1u);
  EXPECT_EQ(utf8_step("\xf0\x9f\x98", 0).size, 3u);
}

TEST(Utf8, APrefixNeverEndsInsideACharacter) {
  const std::string text = "a\U0001F600b";
  EXPECT_EQ(utf8_prefix(text, 0), "");
  for (const std::size_t bytes : {1u, 2u, 3u, 4u}) EXPECT_EQ(utf8_prefix(text, bytes), "a");
  EXPECT_EQ(utf8_prefix(text, 5), "a\U0001F600");
  EXPECT_EQ(utf8_prefix(text, 6), text);
  EXPECT_EQ(utf8_prefix(text, 99), text);
}

}  // namespace
}  // namespace tollgate
