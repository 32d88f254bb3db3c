#include "store/columns.h"

#include <gtest/gtest.h>

namespace tollgate::store {
namespace {

TEST(ColumnsTest, GivesListsBackWhateverTheirTexts) {
  for (const std::vector<std::string>& list :
       {std::vector<std::string>{}, {""}, {"a,b", "\"quoted\"", "new\nline", "é"}, {"[]"}}) {
    EXPECT_EQ(list_values(list_text(list)).value(), list);
  }
}

TEST(ColumnsTest, RefusesWhatIsNoListOfTexts) {
  for (const char* text : {"", "{}", "[1]", "[\"a\"", "null"}) {
    EXPECT_EQ(list_values(text).error().code, ErrorCode::kInternal) << text;
  }
}

}  // namespace
}  // namespace tollgate::store
