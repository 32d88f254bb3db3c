// Replays JSONTestSuite, where its folder is present: every y_ document is read, every n_ refused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"

namespace tollgate {
namespace {

std::filesystem::path suite_folder() {
  const char* set = std::getenv("TOLLGATE_SHARED_DATA");
  const std::filesystem::path data =
      set != nullptr ? set : std::filesystem::path(TOLLGATE_SOURCE_DIR) / ".." / "shared" / "data";
  return data / "json-test-suite" / "test_parsing";
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(ParseJson, AgreesWithJsonTestSuiteButForDuplicateMembers) {
  if (!std::filesystem::is_directory(suite_folder())) {
    GTEST_SKIP() << "no json-test-suite below TOLLGATE_SHARED_DATA";
  }
  int judged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(suite_folder())) {
    const std::string name = entry.path().filename();
    const bool accepted = parse_json(contents(entry.path())).has_value();
    // RFC 8259 leaves duplicate members open; we refuse them.
    const bool duplicate = name.starts_with("y_object_duplicated_key");
    if (name.starts_with("y_")) {
      EXPECT_EQ(accepted, !duplicate) << name;
    }
    if (name.starts_with("n_")) {
      EXPECT_FALSE(accepted) << name;
    }
    ++judged;
  }
  EXPECT_GE(judged, 283);
}

}  // namespace
}  // namespace tollgate
