#include "domain/usage_row.h"

#include <gtest/gtest.h>

#include <limits>

namespace tollgate {
namespace {

TEST(GenerationId, ComesBackFromItsText) {
  for (const GenerationNumber number : {GenerationNumber{0}, GenerationNumber{0xABCDEF},
                                        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(parse_generation_id(generation_id(number)), number);
  }
  EXPECT_EQ(generation_id(255), "gen_00000000000000ff");
}

TEST(GenerationId, SortsAsTextLikeItsNumber) {
  EXPECT_LT(generation_id(0xFF), generation_id(0x100));
  EXPECT_LT(generation_id(0x100), generation_id(std::numeric_limits<std::int64_t>::max()));
}

TEST(GenerationId, RefusesEveryOtherText) {
  for (const char* text : {"", "gen_", "gen_ff", "gen_00000000000000FF", "gen_00000000000000fg",
                           "gen_8000000000000000", "gen_000000000000000ff", "GEN_00000000000000ff",
                           "req_00000000000000ff", "00000000000000ff"}) {
    EXPECT_FALSE(parse_generation_id(text)) << text;
  }
}

}  // namespace
}  // namespace tollgate
