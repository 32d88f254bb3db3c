#include "server/master_key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tollgate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class MasterKeyFile : public ::testing::Test {
 protected:
  MasterKeyFile() {
    std::string pattern = ::testing::TempDir() + "master_key_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~MasterKeyFile() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/master.key"; }
  void write(const std::string& text, mode_t mode) {
    std::filesystem::remove(path());
    std::ofstream(path()) << text;
    ::chmod(path().c_str(), mode);
  }
  Result<MasterKey> load(SealedBefore before = SealedBefore::kNothing) {
    return load_master_key(folder_, before, random_);
  }
  std::string refusal(SealedBefore before = SealedBefore::kNothing) {
    const auto key = load(before);
    EXPECT_FALSE(key);
    if (key) return "";
    EXPECT_EQ(key.error().code, ErrorCode::kConflict);
    return key.error().message;
  }

  std::string folder_;
  SeededRandom random_{7};
};

TEST_F(MasterKeyFile, IsMadeOnceForItsOwnerAloneAndReadFromThenOn) {
  const auto made = load();
  ASSERT_TRUE(made);
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
  const auto again = load(SealedBefore::kSomething);
  ASSERT_TRUE(again);
  const std::string sealed = made->seal("a word", "row", random_);
  EXPECT_EQ(again->open(sealed, "row")->expose(), "a word");
}

TEST_F(MasterKeyFile, TwoInstallationsHaveTwoKeys) {
  const auto one = load();
  std::filesystem::remove(path());
  const auto other = load();
  EXPECT_FALSE(other->open(one->seal("a word", "row", random_), "row"));
}

TEST_F(MasterKeyFile, IsNotMadeAnewWhereItSealedSomething) {
  EXPECT_THAT(refusal(SealedBefore::kSomething),
              AllOf(HasSubstr("is missing"), HasSubstr("TOLLGATE_MASTER_KEY")));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(MasterKeyFile, IsRefusedWhereOthersMayReadOrChangeIt) {
  ASSERT_TRUE(load());
  for (const mode_t mode : {0604, 0640, 0602, 0666}) {
    ::chmod(path().c_str(), mode);
    EXPECT_THAT(refusal(), HasSubstr("chmod 600 " + path())) << mode;
  }
  ::chmod(path().c_str(), 0400);
  EXPECT_TRUE(load());
}

TEST_F(MasterKeyFile, RefusesWhatIsNoKeyWithoutRepeatingIt) {
  for (const std::string& text :
       {std::string(), std::string("half a key"), std::string(5'000, 'a')}) {
    write(text, 0600);
    const std::string said = refusal();
    EXPECT_THAT(said, HasSubstr("holds no master key"));
    if (!text.empty()) EXPECT_THAT(said, Not(HasSubstr(text)));
  }
}

TEST_F(MasterKeyFile, IsNeverReachedOverALink) {
  ASSERT_TRUE(load());
  std::filesystem::rename(path(), folder_ + "/elsewhere");
  std::filesystem::create_symlink(folder_ + "/elsewhere", path());
  EXPECT_THAT(refusal(), HasSubstr("cannot be opened"));
}

TEST_F(MasterKeyFile, LeftoverOfAnInterruptedStartIsNoKey) {
  std::ofstream(path() + ".new") << "half";
  EXPECT_TRUE(load());
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

}  // namespace
}  // namespace tollgate
