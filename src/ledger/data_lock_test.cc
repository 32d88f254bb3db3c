#include "ledger/data_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "ledger/ledger_fixture.h"

namespace tollgate {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat facts{};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 0777U;
}

TEST(DataLock, MakesThePathPrivate) {
  TempDir dir;
  const std::string data = dir.path() + "/a/b";
  auto lock = DataLock::take(data);
  ASSERT_TRUE(lock) << lock.error().message;
  EXPECT_EQ(mode_of(data), 0700U);
  EXPECT_EQ(mode_of(data + "/lock"), 0600U);
}

TEST(DataLock, MakesADirectoryThatIsNamedWithoutItsParent) {
  TempDir dir;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  auto lock = DataLock::take("data");
  std::filesystem::current_path(before);
  ASSERT_TRUE(lock) << lock.error().message;
  EXPECT_EQ(mode_of(dir.path() + "/data"), 0700U);
}

TEST(DataLock, NamesTheHolderToTheSecond) {
  TempDir dir;
  auto first = DataLock::take(dir.path());
  ASSERT_TRUE(first);
  auto second = DataLock::take(dir.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos)
      << second.error().message;
}

TEST(DataLock, IsFreeOnceTheHolderHasGone) {
  TempDir dir;
  {
    ASSERT_TRUE(DataLock::take(dir.path()));
  }
  EXPECT_TRUE(DataLock::take(dir.path()));
}

TEST(DataLock, ClosesAnEmptyDirectoryToOthers) {
  TempDir dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_TRUE(DataLock::take(dir.path()));
  EXPECT_EQ(mode_of(dir.path()), 0700U);
}

TEST(DataLock, LeavesAForeignDirectoryAsItWas) {
  TempDir dir;
  std::ofstream(dir.path() + "/letter.txt") << "not ours";
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_TRUE(DataLock::take(dir.path()));
  EXPECT_EQ(mode_of(dir.path()), 0755U);
}

TEST(DataLock, SaysWhyADirectoryCannotBeUsed) {
  TempDir dir;
  std::ofstream(dir.path() + "/file") << "in the way";
  auto lock = DataLock::take(dir.path() + "/file");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_NE(lock.error().message.find("/file"), std::string::npos);
}

}  // namespace
}  // namespace tollgate
