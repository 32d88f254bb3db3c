#include "dialects/json_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

TEST(JsonTree, GivesMembersAndElementsWhereTheyStand) {
  const std::string text = R"( {"a":[1, "x\u0041", {"b":null}],"c":{"d":true},"n":-7.5e1} )";
  JsonTree tree;
  ASSERT_TRUE(tree.parse(text)) << tree.problem();
  const JsonNode root = tree.root();
  EXPECT_TRUE(root.is_object());
  std::string kinds;
  for (const JsonNode element : root["a"]) kinds += std::string(element.raw()) + ";";
  EXPECT_EQ(kinds, R"(1;"x\u0041";{"b":null};)");
  EXPECT_EQ((*root["a"].begin()).integer(), 1);
  EXPECT_EQ((*++root["a"].begin()).text(), "xA");
  EXPECT_TRUE((*++root["a"].begin()).is("xA"));
  EXPECT_TRUE(root["c"]["d"].is_true());
  EXPECT_EQ(root["c"].raw(), R"({"d":true})");
  EXPECT_EQ(root["n"].raw(), "-7.5e1");
  EXPECT_EQ(root["n"].integer(), std::nullopt);
}

TEST(JsonTree, WhatIsNotThereIsNone) {
  JsonTree tree;
  EXPECT_FALSE(tree.root());
  ASSERT_TRUE(tree.parse(R"({"a":null,"s":"x","e":[],"o":{}})"));
  const JsonNode root = tree.root();
  EXPECT_FALSE(root["b"]);
  EXPECT_FALSE(root["b"]["c"]);
  EXPECT_TRUE(root["b"].is_null());
  EXPECT_TRUE(root["a"].is_null());
  EXPECT_TRUE(root["a"]);
  EXPECT_TRUE(root["e"].empty());
  EXPECT_TRUE(root["o"].empty());
  EXPECT_TRUE(root["s"].empty());
  EXPECT_EQ(root["b"].raw(), "");
  EXPECT_EQ(root["b"].kind(), JsonKind::kInvalid);
  EXPECT_FALSE(root["s"]["x"]);
}

TEST(JsonTree, OfRepeatedMembersTheLastHoldsInAnySpelling) {
  JsonTree tree;
  ASSERT_TRUE(tree.parse(R"({"a":1,"\u0061":2,"b":3})"));
  EXPECT_EQ(tree.root()["a"].integer(), 2);
}

TEST(JsonTree, IsParsedIntoAgain) {
  JsonTree tree;
  ASSERT_TRUE(tree.parse(R"({"a":[1,2,3]})"));
  ASSERT_TRUE(tree.parse("5"));
  EXPECT_EQ(tree.root().integer(), 5);
  EXPECT_FALSE(tree.parse(R"({"a":)"));
  EXPECT_FALSE(tree.root());
  EXPECT_FALSE(tree.problem().empty());
}

TEST(JsonTree, RefusesWhatIsNoJsonAndWhatIsTooDeep) {
  JsonTree tree;
  for (const char* text : {"", "{", "[1,]", "{\"a\":1}}", "nul", "\"\\x\"", "\xff"}) {
    EXPECT_FALSE(tree.parse(text)) << text;
    EXPECT_FALSE(tree.root()) << text;
  }
  const std::string deep(kTranslationDepthMax + 1, '[');
  EXPECT_FALSE(tree.parse(deep + std::string(kTranslationDepthMax + 1, ']')));
  EXPECT_TRUE(tree.parse(deep.substr(1) + std::string(kTranslationDepthMax, ']')));
}

TEST(JsonTree, HoldsNoMoreValuesThanItsBound) {
  const auto array_of = [](std::size_t values) {
    std::string text = "[";
    for (std::size_t i = 0; i < values; ++i) text += i == 0 ? "1" : ",1";
    return text + "]";
  };
  JsonTree tree;
  EXPECT_TRUE(tree.parse(array_of(kJsonTreeValuesMax - 1)));
  EXPECT_FALSE(tree.parse(array_of(kJsonTreeValuesMax)));
  EXPECT_NE(tree.problem().find("values"), std::string::npos);
}

}  // namespace
}  // namespace tollgate
