#include "net/http_message.h"

#include <gtest/gtest.h>

namespace tollgate::net {
namespace {

TEST(FieldListTest, FindsTheFirstFieldWhateverItsCase) {
  const FieldList list{{{"Accept", "a"}, {"ACCEPT", "b"}, {"X", ""}}};
  EXPECT_EQ(list.find("accept"), "a");
  EXPECT_EQ(list.count("aCCept"), 2);
  EXPECT_EQ(list.count("accep"), 0);
}

TEST(FieldListTest, TellsAnEmptyFieldFromAnAbsentOne) {
  const FieldList list{{{"X", std::string_view()}}};
  EXPECT_NE(list.find("x").data(), nullptr);
  EXPECT_EQ(list.find("y").data(), nullptr);
}

TEST(FieldListTest, ComparesOnlyAsciiLettersWithoutCase) {
  EXPECT_TRUE(equals_ignoring_case("aZ-09[", "Az-09["));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
}

TEST(RequestTargetTest, GivesPathAndQueryOfEveryForm) {
  struct Case {
    std::string_view target, path, query;
  };
  for (const Case& expected : {
           Case{"/", "/", ""},
           Case{"/v1/models", "/v1/models", ""},
           Case{"/v1?a=b&c", "/v1", "a=b&c"},
           Case{"/v1?", "/v1", ""},
           Case{"/v1?a?b#c?d", "/v1", "a?b"},
           Case{"/v1#c?d", "/v1", ""},
           Case{"//double/x", "//double/x", ""},
           Case{"/a://b/c", "/a://b/c", ""},
           Case{"*", "*", ""},
           Case{"http://h.example", "/", ""},
           Case{"http://h.example/v1?a=b", "/v1", "a=b"},
           Case{"https://h.example?a=b", "/", "a=b"},
           Case{"http://h.example#f", "/", ""},
       }) {
    RequestHead head;
    head.target = expected.target;
    EXPECT_EQ(head.path(), expected.path) << expected.target;
    EXPECT_EQ(head.query(), expected.query) << expected.target;
  }
}

}  // namespace
}  // namespace tollgate::net
