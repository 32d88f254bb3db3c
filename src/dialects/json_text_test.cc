#include "dialects/json_text.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

std::string unescaped(std::string_view raw) {
  std::string out;
  append_unescaped(out, raw);
  EXPECT_EQ(out.size(), unescaped_length(raw)) << raw;
  return out;
}

TEST(JsonText, DecodesEveryEscape) {
  EXPECT_EQ(unescaped(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC\ud83d\ude00)"), "A\u00e9\u20ac\U0001F600");
  EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
}

TEST(JsonText, LoneSurrogatesBecomeTheReplacementCharacter) {
  EXPECT_EQ(unescaped(R"(\ud83dx)"), "\uFFFDx");
  EXPECT_EQ(unescaped(R"(\ude00)"), "\uFFFD");
  EXPECT_EQ(unescaped(R"(\ud83d\u0041)"),
            "\uFFFD"
            "A");
}

TEST(JsonText, FindsABrokenEscapeAtEveryOffset) {
  for (std::size_t length = 2; length < 200; ++length) {
    for (std::size_t at = 0; at + 2 <= length; ++at) {
      std::string raw(length, 'a');
      raw[at] = '\\';
      raw[at + 1] = 'x';
      bool escaped = false;
      ASSERT_EQ(find_broken_escape(raw, escaped), at) << length;
      raw[at + 1] = 'n';
      escaped = false;
      ASSERT_EQ(find_broken_escape(raw, escaped), std::string_view::npos) << length;
      ASSERT_TRUE(escaped);
    }
  }
}

TEST(JsonText, ABackslashThatIsEscapedStartsNothing) {
  for (std::size_t before = 0; before < 140; ++before) {
    const std::string raw = std::string(before, 'a') + R"(\\\\x)" + std::string(70, 'b');
    bool escaped = false;
    ASSERT_EQ(find_broken_escape(raw, escaped), std::string_view::npos);
    const std::string odd = std::string(before, 'a') + R"(\\\\\x)" + std::string(70, 'b');
    ASSERT_EQ(find_broken_escape(odd, escaped), before + 4);
  }
}

TEST(JsonText, RefusesAnUnfinishedEscapeAtTheEnd) {
  for (const char* raw : {"\\", "\\u", "\\u1", "\\u12", "\\u123", "\\u12g4", "\\U0041"}) {
    bool escaped = false;
    EXPECT_EQ(find_broken_escape(raw, escaped), 0U) << raw;
  }
}

TEST(JsonText, KnowsNumbersToTheLetter) {
  for (const char* good : {"0", "-0", "1", "10", "-12", "0.5", "1.25e10", "1E+2", "1e-2", "0e0"}) {
    EXPECT_TRUE(is_json_number(good)) << good;
  }
  for (const char* bad : {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", "0x1", "1a",
                          "NaN", "Infinity", "1 2", "--1"}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

}  // namespace
}  // namespace tollgate
