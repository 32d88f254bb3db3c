#include "base/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

TEST(Check, PassesATrueCondition) { EXPECT_NO_THROW(check(true, "never said")); }

TEST(Check, ThrowsABugThatNamesTheCallersFile) {
  try {
    check(false, "the sum is off");
    FAIL() << "check(false) returned";
  } catch (const Bug& bug) {
    EXPECT_THAT(bug.what(), testing::HasSubstr("the sum is off"));
    EXPECT_THAT(bug.what(), testing::HasSubstr("check_test.cc:"));
  }
}

}  // namespace
}  // namespace tollgate
