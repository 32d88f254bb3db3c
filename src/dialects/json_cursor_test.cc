#include "dialects/json_cursor.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tollgate {
namespace {

constexpr int kDepth = 1024;

bool valid(std::string_view text, int depth_max = kDepth) {
  JsonCursor cursor(text, depth_max);
  cursor.skip();
  return cursor.finish();
}

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

// The folder of the shared corpora; empty when it is not there.
std::filesystem::path json_test_suite() {
  const char* set = std::getenv("TOLLGATE_SHARED_DATA");
  const std::filesystem::path data =
      set != nullptr ? set : std::filesystem::path(TOLLGATE_SOURCE_DIR) / ".." / "shared" / "data";
  const auto folder = data / "json-test-suite" / "test_parsing";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(JsonCursor, AcceptsEveryKindOfDocument) {
  for (const char* good :
       {"{}", "[]", "[[],{}]", "{\"a\":{}}", "1", "\"x\"", "null", " [1 , 2 ] ",
        "{\"a\":1,\"b\":[true,false,null,-1.5e3,\"\\u0041\"]}\n", "[\"[\",\"{\"]"}) {
    EXPECT_TRUE(valid(good)) << good;
  }
}

TEST(JsonCursor, RefusesWhatIsNotJson) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "}",
                          "[",
                          "]",
                          "[1,]",
                          "[,1]",
                          "[1 2]",
                          "[1,,2]",
                          "{,}",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{\"a\":1 \"b\":2}",
                          "{\"a\" 1}",
                          "{1:2}",
                          "[1}",
                          "{\"a\":1]",
                          "[1]]",
                          "[] []",
                          "\"a\"x",
                          "\"a\" \"b\"",
                          "tru",
                          "truex",
                          "nul",
                          "[\"\\x\"]",
                          "[\"a\nb\"]",
                          "[\"\\u12\"]",
                          "[1]\x01",
                          "\xef\xbb\xbf{}",
                          "[\"\xff\"]",
                          "['a']",
                          "[1]//x",
                          "\"a",
                          "[\"a\\\"]",
                          "{\"a\":1}}",
                          "{[}",
                          "[{]",
                          ":",
                          ",",
                          "[:]",
                          "{\"a\"::1}",
                          "{\"a\":\"b\":1}"}) {
    EXPECT_FALSE(valid(bad)) << bad;
  }
  EXPECT_FALSE(valid(std::string_view("[1\0]", 4)));
  EXPECT_FALSE(valid(std::string_view("[]\0", 3)));
}

TEST(JsonCursor, HoldsTheDepthAtItsBound) {
  EXPECT_TRUE(valid(nested(256), 256));
  EXPECT_FALSE(valid(nested(257), 256));
}

TEST(JsonCursor, FailureIsStickyAndSaysWhere) {
  JsonCursor cursor(R"({"a":1 "b":2})", kDepth);
  JsonCursor::Member member;
  cursor.open_object();
  ASSERT_TRUE(cursor.next_member(member));
  EXPECT_EQ(cursor.integer(), 1);
  EXPECT_FALSE(cursor.next_member(member));
  EXPECT_EQ(cursor.problem(), "byte 7: a comma or '}' is missing");
  EXPECT_EQ(cursor.kind(), JsonKind::kInvalid);
  EXPECT_FALSE(cursor.next_member(member));
  EXPECT_EQ(cursor.skip(), ByteRange{});
  EXPECT_FALSE(cursor.finish());
}

TEST(JsonCursor, IntegersAreWholeAndSmallEnough) {
  const auto read = [](std::string_view text) { return JsonCursor(text, kDepth).integer(); };
  EXPECT_EQ(read("0"), 0);
  EXPECT_EQ(read("-12"), -12);
  EXPECT_EQ(read("999999999999999999"), 999'999'999'999'999'999);
  EXPECT_EQ(read("1000000000000000000"), std::nullopt);
  EXPECT_EQ(read("1.0"), std::nullopt);
  EXPECT_EQ(read("1e3"), std::nullopt);
}

// What cutting the member named `x` leaves.
std::string cut_x(const std::string& text) {
  JsonCursor cursor(text, kDepth);
  JsonCursor::Member member;
  ByteRange cut;
  for (cursor.open_object(); cursor.next_member(member);) {
    cursor.skip();
    if (member.name.is("x")) cut = cursor.cut_range(member);
  }
  return std::string(text).erase(cut.offset, cut.length);
}

TEST(JsonCursor, CuttingAMemberLeavesTheCommasRight) {
  EXPECT_EQ(cut_x(R"({"x":1,"b":2})"), R"({"b":2})");
  EXPECT_EQ(cut_x(R"({"a":1,"x":{"y":[]},"b":2})"), R"({"a":1,"b":2})");
  EXPECT_EQ(cut_x(R"({"a":1 , "x":2 })"), R"({"a":1  })");
  EXPECT_EQ(cut_x(R"({ "x":"," })"), R"({  })");
}

TEST(JsonCursor, TwoCursorsOnOneThreadDoNotDisturbEachOther) {
  JsonCursor outer(R"([1,[2,3],"four"])", kDepth);
  outer.open_array();
  ASSERT_TRUE(outer.next_element());
  EXPECT_TRUE(valid(R"({"quite":"another","document":[1,2,3,4,5,6,7,8]})"));
  EXPECT_EQ(outer.integer(), 1);
  ASSERT_TRUE(outer.next_element());
  outer.skip();
  ASSERT_TRUE(outer.next_element());
  EXPECT_EQ(outer.string().text, "four");
  EXPECT_FALSE(outer.next_element());
  EXPECT_TRUE(outer.finish());
}

TEST(JsonCursor, ReadsDocumentsLargerThanTheSharedIndex) {
  std::string large = "[0";
  while (large.size() < 3 * 1024 * 1024) large += ",1";
  EXPECT_TRUE(valid(large + "]"));
  EXPECT_FALSE(valid(large + ",]"));
}

// The text ends where its page ends, and the next page may not be read.
TEST(JsonCursor, ReadsNothingBehindTheText) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* pages = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  char* end = static_cast<char*>(pages) + page;
  ASSERT_EQ(mprotect(end, page, PROT_NONE), 0);
  for (std::size_t padding = 0; padding < 150; ++padding) {
    const std::string text = R"({"a":[1,"b\n)" + std::string(padding, 'x') + "\",true]}";
    std::memcpy(end - text.size(), text.data(), text.size());
    for (std::size_t cut = 0; cut < 4; ++cut) {
      const std::string_view view(end - text.size() + cut, text.size() - cut);
      ASSERT_EQ(valid(view), cut == 0);
    }
  }
  munmap(pages, 2 * page);
}

TEST(JsonCursor, AgreesWithJsonTestSuite) {
  const auto folder = json_test_suite();
  if (folder.empty()) GTEST_SKIP() << "no json-test-suite below TOLLGATE_SHARED_DATA";
  int judged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const bool accepted = valid(contents(entry.path()));
    if (name.starts_with("y_")) EXPECT_TRUE(accepted) << name;
    if (name.starts_with("n_")) EXPECT_FALSE(accepted) << name;
    ++judged;
  }
  EXPECT_GE(judged, 283);
}

}  // namespace
}  // namespace tollgate
