#include "net/http_date.h"

#include <gtest/gtest.h>

namespace tollgate::net {
namespace {

TEST(HttpDate, TakesTheThreeFormsOfRfc9110) {
  const auto wanted = parse_time("1994-11-06T08:49:37Z").value();
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), wanted);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), wanted);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), wanted);
}

TEST(HttpDate, TakesNothingElse) {
  for (const char* text :
       {"", "7", "tomorrow", "Sun, 06 Nov 1994 08:49:37", "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT, and more", "Sun, 36 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace tollgate::net
