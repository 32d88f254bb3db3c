#include "domain/model_pattern.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

TEST(ModelPattern, AnExactIdMatchesItselfAlone) {
  EXPECT_TRUE(model_matches("openai/gpt-4o", "openai/gpt-4o"));
  EXPECT_FALSE(model_matches("openai/gpt-4o", "openai/gpt-4o-mini"));
  EXPECT_FALSE(model_matches("openai/gpt-4o", "xopenai/gpt-4o"));
  EXPECT_FALSE(model_matches("openai/gpt-4o", "OpenAI/gpt-4o"));
  EXPECT_FALSE(model_matches("openai/gpt-4o", ""));
}

TEST(ModelPattern, AStarMatchesAnyRunSlashesAndNothingToo) {
  EXPECT_TRUE(model_matches("*", ""));
  EXPECT_TRUE(model_matches("*", "a/b/c"));
  EXPECT_TRUE(model_matches("openai/*", "openai/gpt-4o"));
  EXPECT_TRUE(model_matches("openai/*", "openai/"));
  EXPECT_TRUE(model_matches("openai/*", "openai/a/b"));
  EXPECT_FALSE(model_matches("openai/*", "openai"));
  EXPECT_FALSE(model_matches("openai/*", "azure/openai/gpt-4o"));
  EXPECT_TRUE(model_matches("*/gpt-4*", "azure/openai/gpt-4o"));
  EXPECT_TRUE(model_matches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(model_matches("a*b*c", "aXbYbZ"));
  EXPECT_TRUE(model_matches("**a**", "bab"));
}

TEST(ModelPattern, AHostilePatternTakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 99; ++i) pattern += "a*";
  EXPECT_FALSE(model_matches(pattern + "b", std::string(5'000, 'a')));
}

TEST(ModelPattern, AnEmptyListAllowsEverythingAnyOtherOnlyItsOwn) {
  EXPECT_TRUE(model_allowed({}, "any/thing"));
  EXPECT_TRUE(model_allowed({"openai/*", "acme/large"}, "acme/large"));
  EXPECT_FALSE(model_allowed({"openai/*", "acme/large"}, "acme/small"));
}

TEST(ModelPattern, ValidatesLengthAndCharacters) {
  for (const char* good : {"a", "*", "openai/*", "Model_1.5:beta@2026+x-y"}) {
    EXPECT_TRUE(validate_model_pattern(good)) << good;
  }
  EXPECT_TRUE(validate_model_pattern(std::string(200, 'm')));
  EXPECT_FALSE(validate_model_pattern(std::string(201, 'm')));
  for (const char* bad : {"", "a b", "a?b", "[a]", "gpt\n", "modèle", "a,b"}) {
    EXPECT_FALSE(validate_model_pattern(bad)) << bad;
  }
}

}  // namespace
}  // namespace tollgate
