#include "config/problems.h"

#include <gtest/gtest.h>

namespace tollgate::config {
namespace {

TEST(Problems, StandInTheOrderOfTheFileAndThenAsTheyWereFound) {
  Problems problems;
  EXPECT_TRUE(problems.status());
  problems.add({.source = "TOLLGATE_B"}, "first");
  problems.add({.source = "f", .line = 2, .column = 1}, "third");
  problems.add({.source = "TOLLGATE_A"}, "second");
  problems.add({.source = "f", .line = 1, .column = 9}, "later");
  problems.add({.source = "f", .line = 1, .column = 3}, "sooner");
  EXPECT_EQ(problems.text(),
            "f:1:3: sooner\nf:1:9: later\nf:2:1: third\nTOLLGATE_B: first\nTOLLGATE_A: second");
  EXPECT_EQ(problems.status().error().code, ErrorCode::kInvalidRequest);
}

TEST(NearestWord, IsFoundOnlyWhenItIsNear) {
  const std::vector<std::string_view> known = {"listen", "limits", "threads"};
  EXPECT_EQ(nearest_word("lisen", known), "listen");
  EXPECT_EQ(nearest_word("limit", known), "limits");
  EXPECT_EQ(nearest_word("thread", known), "threads");
  EXPECT_EQ(nearest_word("providers", known), "");
  EXPECT_EQ(nearest_word("x", known), "");
}

}  // namespace
}  // namespace tollgate::config
