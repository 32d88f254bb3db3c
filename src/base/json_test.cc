#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, ReadsEveryKindOfValue) {
  const auto value = parse_json(R"({"a":[1,-2,3.5,true,null,"\u00e9"],"b":{}})");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->at("a").as_array().size(), 6u);
  EXPECT_EQ(value->at("a").at(5).as_string(), "\u00e9");
  EXPECT_TRUE(value->at("b").as_object().empty());
}

TEST(ParseJson, RefusesAMemberThatStandsTwice) {
  const auto value = parse_json(R"({"a":1,"b":2,"a":3})");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidRequest);
  EXPECT_THAT(value.error().message, HasSubstr("`a` stands twice"));
}

TEST(ParseJson, RefusesADuplicateInAnotherSpellingAndAtAnyDepth) {
  EXPECT_FALSE(parse_json(R"({"model":1,"mod\u0065l":2})"));
  EXPECT_FALSE(parse_json(R"([{"x":{"y":1,"z":[{}],"y":1}}])"));
  EXPECT_FALSE(parse_json(R"({"":1,"":2})"));
}

TEST(ParseJson, TheSameNameInDifferentObjectsIsNoDuplicate) {
  EXPECT_TRUE(parse_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"));
}

TEST(ParseJson, NeverRepeatsAStrangeMemberNameInItsError) {
  const std::string name(48, 'k');
  const auto value = parse_json("{\"" + name + "\":1,\"" + name + "\":2}");
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message, Not(HasSubstr(name)));
}

TEST(ParseJson, StopsAtItsDepth) {
  EXPECT_TRUE(parse_json(nested(kJsonDepthMax)));
  EXPECT_FALSE(parse_json(nested(kJsonDepthMax + 1)));
}

TEST(ParseJson, RefusesWhatIsNotOneStrictDocument) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "1 2",
                           "{} x",
                           "nul",
                           "NaN",
                           "01",
                           "+1",
                           ".5",
                           "'a'",
                           "/* */1",
                           "\"\x01\"",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\"\\ud800\"",
                           "\xef\xbb\xbf{}",
                           "{a:1}",
                           "[1"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kInvalidRequest);
  }
}

TEST(JsonString, EscapesWhatRfc8259Wants) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\r\b\f\x01\x7f"), R"("a\"b\\c\n\t\r\b\f\u0001\u007f")");
  EXPECT_EQ(json_string("\u20ac"), "\"\u20ac\"");
}

TEST(JsonString, InvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(json_string("a\xff"
                        "b\xe2\x82"),
            "\"a\uFFFDb\uFFFD\"");
}

TEST(JsonString, EveryByteComesBackThroughTheParser) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  const auto value = parse_json(json_string(text));
  ASSERT_TRUE(value);
  EXPECT_EQ(std::string_view(value->as_string()), text);
}

json::value parsed(std::string_view text) { return parse_json(text).value(); }

TEST(ObjectReader, ReadsMembersOfEachType) {
  const auto value = parsed(R"({"s":"x","b":true,"i":-9223372036854775808,"l":["a","b"],"r":{}})");
  ObjectReader reader(value);
  EXPECT_EQ(reader.string("s"), "x");
  EXPECT_EQ(reader.boolean("b"), true);
  EXPECT_EQ(reader.integer("i"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(reader.strings("l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_NE(reader.raw("r"), nullptr);
  EXPECT_EQ(reader.string("absent"), std::nullopt);
  EXPECT_TRUE(reader.finish());
}

TEST(ObjectReader, ListsEveryProblemAtOnce) {
  const auto value = parsed(R"({"s":1,"b":"true","i":1.5,"l":["a",2],"extra":0})");
  ObjectReader reader(value);
  EXPECT_FALSE(reader.string("s"));
  EXPECT_FALSE(reader.boolean("b"));
  EXPECT_FALSE(reader.integer("i"));
  EXPECT_FALSE(reader.strings("l"));
  reader.problem("other", "is too long");
  const Status status = reader.finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnprocessable);
  EXPECT_EQ(status.error().param, "s");
  for (const char* name : {"`s`", "`b`", "`i`", "`l`", "`other`", "`extra`"}) {
    EXPECT_THAT(status.error().message, HasSubstr(name));
  }
  const auto details = parsed(status.error().details_json);
  ASSERT_EQ(details.at("problems").as_array().size(), 6u);
  EXPECT_EQ(details.at("problems").at(5).at("param").as_string(), "extra");
}

TEST(ObjectReader, AnIntegerBeyond64BitsIsTheWrongType) {
  for (const char* text : {R"({"i":9223372036854775808})", R"({"i":1e3})", R"({"i":1.0})",
                           R"({"i":99999999999999999999999})"}) {
    const auto value = parsed(text);
    ObjectReader reader(value);
    EXPECT_FALSE(reader.integer("i"));
    EXPECT_FALSE(reader.finish()) << text;
  }
}

TEST(ObjectReader, NullIsAProblemUnlessTheCallerAsksForIt) {
  const auto value = parsed(R"({"a":null,"b":null})");
  ObjectReader strict(value);
  EXPECT_FALSE(strict.string("a"));
  EXPECT_TRUE(strict.is_null("b"));
  const Status status = strict.finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().param, "a");

  ObjectReader lenient(value);
  EXPECT_FALSE(lenient.string("a"));
  EXPECT_TRUE(lenient.is_null("a"));
  EXPECT_TRUE(lenient.is_null("b"));
  EXPECT_FALSE(lenient.integer("b"));
  EXPECT_FALSE(lenient.is_null("absent"));
  EXPECT_TRUE(lenient.finish());
}

TEST(ObjectReader, RefusesADocumentThatIsNoObject) {
  const auto value = parsed("[1]");
  ObjectReader reader(value);
  EXPECT_FALSE(reader.has("a"));
  EXPECT_FALSE(reader.string("a"));
  const Status status = reader.finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().param, std::nullopt);
  EXPECT_THAT(status.error().message, HasSubstr("JSON object"));
}

TEST(ObjectReader, ListsABoundedNumberOfProblems) {
  std::string text = "{\"z\":0";
  for (int i = 0; i < 1'000; ++i) text += ",\"m" + std::to_string(i) + "\":0";
  const auto value = parsed(text + "}");
  ObjectReader reader(value);
  const Status status = reader.finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(parsed(status.error().details_json).at("problems").as_array().size(), 32u);
}

}  // namespace
}  // namespace tollgate
