#include "cli/csv_cut.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate::cli {
namespace {

// What is left of `csv` when it arrives one byte at a time.
std::string cut(std::int64_t records, std::string_view csv) {
  CsvCut cutter(records);
  std::string out;
  for (const char c : csv) out += cutter.take(std::string_view(&c, 1));
  return out;
}

TEST(CsvCut, KeepsTheHeaderAndSoManyRecords) {
  EXPECT_EQ(cut(2, "h\n1\n2\n3\n"), "h\n1\n2\n");
  EXPECT_EQ(cut(5, "h\n1\n2\n"), "h\n1\n2\n");
}

TEST(CsvCut, CountsAQuotedLineEndAsText) {
  EXPECT_EQ(cut(1, "h\n\"a\nb\"\"\n\",x\n2\n"), "h\n\"a\nb\"\"\n\",x\n");
}

TEST(CsvCut, SaysWhenItHasEnough) {
  CsvCut cutter(1);
  EXPECT_EQ(cutter.take("h\n1"), "h\n1");
  EXPECT_FALSE(cutter.done());
  EXPECT_EQ(cutter.take("\n2\n"), "\n");
  EXPECT_TRUE(cutter.done());
  EXPECT_EQ(cutter.take("3\n"), "");
}

}  // namespace
}  // namespace tollgate::cli
