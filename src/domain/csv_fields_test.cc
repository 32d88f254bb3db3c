#include "domain/csv_fields.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

TEST(CsvFieldsTest, QuotesCommasQuotesAndLineBreaks) {
  EXPECT_EQ(CsvFields().text("a", "x,y").line(), "\"x,y\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "say \"hi\"").line(), "\"say \"\"hi\"\"\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "two\nlines").line(), "\"two\nlines\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "plain").text("b", "").line(), "plain,\r\n");
}

TEST(CsvFieldsTest, WhatASpreadsheetWouldRunIsPrefixed) {
  for (const std::string start : {"=", "+", "-", "@", "\t"}) {
    EXPECT_EQ(CsvFields().text("a", start + "1+1").line(), "'" + start + "1+1\r\n");
  }
  EXPECT_EQ(CsvFields().text("a", "\r=1").line(), "\"'\r=1\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "=HYPERLINK(\"x\",\"y\")").line(),
            "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "a=1").line(), "a=1\r\n");
}

TEST(CsvFieldsTest, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(CsvFields().text("client", "caf\xE9 \xFF\xFE").text("key", "\u00e9").line(),
            "caf\uFFFD \uFFFD\uFFFD,\u00e9\r\n");
}

TEST(CsvFieldsTest, NumbersAndMoneyStayNumbers) {
  EXPECT_EQ(CsvFields().number("a", -5).money("b", Money::from_nanos(-3'250'000'000)).line(),
            "-5,-3.25\r\n");
  EXPECT_EQ(CsvFields().number_or_null("a", std::nullopt).number("b", 1).line(), ",1\r\n");
}

}  // namespace
}  // namespace tollgate
