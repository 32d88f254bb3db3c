#include "cli/table.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace tollgate::cli {
namespace {

TEST(Table, IsAsWideAsItsWidestCell) {
  Table table({{"NAME"}, {"COUNT", Align::kRight}, {"LAST"}});
  table.add({"a", "1", "x"});
  table.add({"long name", "1000", ""});
  EXPECT_EQ(table.text(),
            "NAME       COUNT  LAST\n"
            "a              1  x\n"
            "long name   1000\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({{"N"}, {"M"}});
  table.add({"\u00e4\u00f6", "x"});
  table.add({"ab", "y"});
  EXPECT_EQ(table.text(), "N   M\n\u00e4\u00f6  x\nab  y\n");
}

TEST(Table, RefusesARowOfAnotherLength) {
  Table table({{"A"}});
  EXPECT_THROW(table.add({"1", "2"}), Bug);
}

TEST(Printable, KeepsTextAndDefusesControls) {
  EXPECT_EQ(printable("caf\u00e9 \u2603 \U0001F511"), "caf\u00e9 \u2603 \U0001F511");
  EXPECT_EQ(printable("a\x1b[31mb\n\x7f"), "a?[31mb??");
  EXPECT_EQ(printable("\xc2\x9b"), "?");     // CSI as one C1 character
  EXPECT_EQ(printable("a\xff\xc3"), "a??");  // no UTF-8
}

TEST(Cell, ShowsEveryKindOfMember) {
  const json::object object{{"t", "x"},           {"n", 5},       {"b", true}, {"l", {"a", "b"}},
                            {"e", json::array()}, {"z", nullptr}, {"m", ""}};
  EXPECT_EQ(cell(object, "t"), "x");
  EXPECT_EQ(cell(object, "n"), "5");
  EXPECT_EQ(cell(object, "b"), "yes");
  EXPECT_EQ(cell(object, "l"), "a, b");
  for (const char* member : {"e", "z", "m", "absent"}) EXPECT_EQ(cell(object, member), "-");
}

TEST(TimeCell, IsCutToTheMinute) {
  EXPECT_EQ(time_cell({{"t", "2026-11-21T10:15:30.123456Z"}}, "t"), "2026-11-21 10:15");
  EXPECT_EQ(time_cell({{"t", nullptr}}, "t"), "-");
}

TEST(FieldLines, AreAligned) {
  EXPECT_EQ(field_lines({{"id", "1"}, {"name", "n"}}), "id    1\nname  n\n");
}

}  // namespace
}  // namespace tollgate::cli
