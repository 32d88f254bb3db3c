#include "ledger/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "ledger/ledger_fixture.h"
#include "ledger/usage_record.h"

namespace {

enum class Disk { kWorks, kFails };
// Asked before every sync of this thread, by the fdatasync that stands before the C library's.
thread_local std::function<Disk()> at_sync;

}  // namespace

extern "C" int fdatasync(int descriptor) {
  if (at_sync && at_sync() == Disk::kFails) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace tollgate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kSmallFile = 1'024;

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open() {
    found_.clear();
    auto journal = Journal::open(
        dir_.path(),
        [this](std::string_view record) -> Status {
          found_.emplace_back(record);
          return {};
        },
        kSmallFile);
    EXPECT_TRUE(journal) << journal.error().detail;
    return std::move(*journal);
  }

  std::unique_ptr<Journal> open_anew() {
    auto journal = open();
    EXPECT_TRUE(journal->clear());
    return journal;
  }

  static Result<Journal::Serial> append(Journal& journal, std::string_view record) {
    return journal.append(std::span(&record, 1));
  }

  std::string path(int number) const { return dir_.path() + "/journal-" + std::to_string(number); }

  // What is in the file from `place` on becomes `bytes`.
  void overwrite(int number, off_t place, std::string_view bytes) const {
    const int file = ::open(path(number).c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(::pwrite(file, bytes.data(), bytes.size(), place),
              static_cast<ssize_t>(bytes.size()));
    ::close(file);
  }

  std::string read_file(int number) const {
    std::string bytes(kSmallFile, '?');
    const int file = ::open(path(number).c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::pread(file, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    ::close(file);
    return bytes;
  }

  // A record that was refused stands whole behind the end of the first file.
  std::unique_ptr<Journal> open_with_refused_record() {
    auto journal = open_anew();
    EXPECT_TRUE(append(*journal, "synced"));
    EXPECT_TRUE(journal->sync());
    EXPECT_TRUE(append(*journal, "lost"));
    journal->rewind();
    return journal;
  }
  static constexpr std::size_t kRefusedAt = 24 + 16 + 6;

  TempDir dir_;
  std::vector<std::string> found_;
};

TEST_F(JournalTest, GivesBackWhatWasAppendedInItsOrder) {
  {
    auto journal = open_anew();
    EXPECT_EQ(append(*journal, "one").value(), 1U);
    const std::array<std::string_view, 2> more{"two", "three"};
    EXPECT_EQ(journal->append(more).value(), 3U);
  }
  open();
  EXPECT_THAT(found_, ElementsAre("one", "two", "three"));
}

TEST_F(JournalTest, IsEmptyOnceItIsCleared) {
  {
    auto journal = open_anew();
    ASSERT_TRUE(append(*journal, "old"));
    ASSERT_TRUE(journal->clear());
  }
  open();
  EXPECT_THAT(found_, IsEmpty());
}

TEST_F(JournalTest, WritesItsFilesInTurnAndOverwritesOnlyWhatIsApplied) {
  const std::string large(400, 'x');
  auto journal = open_anew();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(append(*journal, large));  // two in each file
  EXPECT_EQ(append(*journal, large).error().code, ErrorCode::kConflict);
  journal->applied(1);
  EXPECT_FALSE(append(*journal, large));
  journal->applied(2);
  const std::string newest(400, 'y');
  EXPECT_EQ(append(*journal, newest).value(), 5U);
  journal.reset();
  open();
  EXPECT_EQ(found_, (std::vector{large, large, newest}));
}

TEST_F(JournalTest, EndsAtARecordThatIsTorn) {
  {
    auto journal = open_anew();
    ASSERT_TRUE(append(*journal, "whole"));
    ASSERT_TRUE(append(*journal, "torn"));
    ASSERT_TRUE(append(*journal, "after"));
  }
  constexpr off_t kHeaders = 24 + 16 + 5 + 16;  // the file's, and those of two records
  overwrite(0, kHeaders + 3, "N");
  open();
  EXPECT_THAT(found_, ElementsAre("whole"));
}

TEST_F(JournalTest, RecordFromBeforeARewindNeverComesBack) {
  {
    auto journal = open_anew();
    ASSERT_TRUE(append(*journal, "synced"));
    ASSERT_TRUE(journal->sync());
    ASSERT_TRUE(append(*journal, "lost A"));
    ASSERT_TRUE(append(*journal, "lost B"));
    journal->rewind();
    EXPECT_EQ(append(*journal, "kept C").value(), 2U);
  }
  open();
  EXPECT_THAT(found_, ElementsAre("synced", "kept C"));
}

TEST_F(JournalTest, ProbeEndsWhatARewindHasForgotten) {
  {
    auto journal = open_anew();
    ASSERT_TRUE(append(*journal, "kept"));
    ASSERT_TRUE(journal->sync());
    ASSERT_TRUE(append(*journal, "forgotten"));
    journal->rewind();
    ASSERT_TRUE(journal->probe());
  }
  open();
  EXPECT_THAT(found_, ElementsAre("kept"));
}

TEST_F(JournalTest, ProbeChangesNothing) {
  {
    auto journal = open_anew();
    ASSERT_TRUE(journal->probe());
    ASSERT_TRUE(append(*journal, "one"));
    ASSERT_TRUE(journal->probe());
    ASSERT_TRUE(append(*journal, "two"));
  }
  open();
  EXPECT_THAT(found_, ElementsAre("one", "two"));
}

TEST_F(JournalTest, RewindGoesBackOverATurn) {
  const std::string large(900, 'x');  // one fills a file
  auto journal = open_anew();
  ASSERT_TRUE(append(*journal, large));
  ASSERT_TRUE(journal->sync());
  ASSERT_TRUE(append(*journal, "in the other file"));
  ASSERT_TRUE(append(*journal, large));
  journal->rewind();
  EXPECT_EQ(append(*journal, "again").value(), 2U);
  EXPECT_EQ(append(*journal, large).value(), 3U);
  journal.reset();
  open();
  EXPECT_EQ(found_, (std::vector{large, std::string("again"), large}));
}

TEST_F(JournalTest, RecordFromBeforeARewindNeverComesBackBehindATurn) {
  const std::string large(980, 'x');  // does not fit beside the first
  auto journal = open_with_refused_record();
  EXPECT_EQ(append(*journal, large).value(), 2U);
  ASSERT_TRUE(journal->sync());
  journal.reset();
  open();
  EXPECT_THAT(found_, ElementsAre("synced", large));
}

// What is admitted in the place of a refused record may reach the disk first: a loss of power then
// must not find both.
TEST_F(JournalTest, RefusedRecordIsGoneFromTheDiskBeforeTheOtherFileIsBegun) {
  auto journal = open_with_refused_record();
  const std::string refused = read_file(0).substr(kRefusedAt, 16);
  const std::string other = read_file(1);
  int syncs = 0;
  at_sync = [&] {
    ++syncs;
    EXPECT_NE(read_file(0).substr(kRefusedAt, 16), refused);
    EXPECT_EQ(read_file(0).substr(kRefusedAt, 16), std::string(16, '\0'));
    EXPECT_EQ(read_file(1), other);
    return Disk::kWorks;
  };
  const auto turned = append(*journal, std::string(980, 'x'));
  at_sync = nullptr;
  EXPECT_EQ(turned.value(), 2U);
  EXPECT_EQ(syncs, 1);
  EXPECT_NE(read_file(1), other);
}

TEST_F(JournalTest, TurnFromARefusedRecordThatCannotBeSyncedChangesNothing) {
  const std::string large(980, 'x');
  auto journal = open_with_refused_record();
  const std::string other = read_file(1);
  at_sync = [] { return Disk::kFails; };
  const auto failed = append(*journal, large);
  at_sync = nullptr;
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(read_file(1), other);
  EXPECT_EQ(append(*journal, "after").value(), 2U);
  EXPECT_EQ(read_file(1), other);
  EXPECT_EQ(append(*journal, large).value(), 3U);
  journal.reset();
  open();
  EXPECT_THAT(found_, ElementsAre("synced", "after", large));
}

TEST_F(JournalTest, TurnWithNothingRefusedWaitsForNoDisk) {
  auto journal = open_anew();
  ASSERT_TRUE(append(*journal, "first"));
  int syncs = 0;
  at_sync = [&syncs] {
    ++syncs;
    return Disk::kWorks;
  };
  const auto turned = append(*journal, std::string(980, 'x'));
  at_sync = nullptr;
  EXPECT_EQ(turned.value(), 2U);
  EXPECT_EQ(syncs, 0);
}

// The file that was turned to is the newer one, and it has copies of the notes as they were then.
TEST_F(JournalTest, NothingFollowsInAFileFromWhichATurnWasTakenBack) {
  const std::string large(900, 'x');
  std::string_view noted = "note 1";
  auto journal = open_anew();
  journal->keep_notes([&](std::vector<std::string_view>& notes) { notes.push_back(noted); });
  ASSERT_TRUE(append(*journal, large));
  ASSERT_TRUE(journal->sync());
  ASSERT_TRUE(append(*journal, std::string(200, 'y')));
  journal->rewind();
  const std::string_view newer = "note 2";
  ASSERT_TRUE(journal->append({}, std::span(&newer, 1)));
  ASSERT_TRUE(journal->sync());
  noted = newer;
  journal.reset();
  open();
  EXPECT_THAT(found_, ElementsAre(large, "note 1", "note 2"));
}

TEST_F(JournalTest, FailedTurnIsBegunAnewBeforeAnythingFollows) {
  const std::string large(900, 'x');
  auto journal = open_anew();
  journal->keep_notes([](std::vector<std::string_view>& notes) {
    notes.insert(notes.end(), {"note 1", "another note, which is cut"});
  });
  ASSERT_TRUE(append(*journal, large));
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit all{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &all), 0);
  rlimit few = all;
  few.rlim_cur = 24 + 16 + 6 + 20;  // in the middle of the second note
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &few), 0);
  const auto failed = append(*journal, std::string(200, 'y'));
  ::setrlimit(RLIMIT_FSIZE, &all);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(failed.error().code, ErrorCode::kServiceUnavailable);
  journal->keep_notes([](std::vector<std::string_view>&) {});
  const std::string_view newer = "note 2";
  ASSERT_TRUE(journal->append({}, std::span(&newer, 1)));
  journal.reset();
  open();
  EXPECT_THAT(found_, ElementsAre(large, "note 2"));
}

TEST_F(JournalTest, FailedWriteLeavesItAsItWas) {
  auto journal = open_anew();
  ASSERT_TRUE(append(*journal, "before"));
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit all{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &all), 0);
  rlimit few = all;
  few.rlim_cur = 50;  // the next record is cut in its middle
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &few), 0);
  const auto failed = append(*journal, "in the middle");
  ::setrlimit(RLIMIT_FSIZE, &all);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(failed.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(append(*journal, "after").value(), 2U);
  journal.reset();
  open();
  EXPECT_THAT(found_, ElementsAre("before", "after"));
}

TEST_F(JournalTest, StrangeFileHoldsNothing) {
  {
    open_anew();
  }
  SystemRandom random;
  overwrite(0, 0, std::string(kSmallFile, '\xff'));
  open();
  EXPECT_THAT(found_, IsEmpty());
}

UsageRow full_row() {
  UsageRow row;
  row.id = 1'234'567'890'123;
  row.request_id = "req_\x01 odd";
  row.admitted_at = WallTime(std::chrono::microseconds(1'700'000'000'000'001));
  row.finished_at = WallTime(std::chrono::microseconds(-5));
  row.key_number = 7;
  row.secret_number = 8;
  row.workspace = WorkspaceId("ws_x");
  row.environment = Environment::kSandbox;
  row.requested_model = "m";
  row.model = "a/m";
  row.provider = "p";
  row.region = "eu";
  row.tokens = {.input = 1,
                .cached_input = 2,
                .cache_write = 3,
                .cache_write_1h = 4,
                .audio_input = 5,
                .image_input = 6,
                .video_input = 7,
                .output = 1LL << 60,
                .reasoning_output = 8,
                .audio_output = 9};
  row.metering = Metering::kOverrun;
  row.flags = "below_count";
  row.price_version = "p_0";
  row.cost = Money::from_nanos(123);
  row.charged = Money::from_nanos(-124);
  row.status = 502;
  row.error_code = "provider_error";
  row.latency_ms = 77;
  row.first_token_ms = 0;
  row.streamed = true;
  row.client = "curl";
  row.ip = "::1";
  row.test_time = row.admitted_at + std::chrono::hours(24);
  row.attempts = {{.provider = "p", .model = "a/m", .status = 200, .cost = Money::from_nanos(1)},
                  {.provider = "q", .model = "b/m", .status = 0, .cost = {}, .ms = 12}};
  row.decision = R"({"strategy":"balanced","eligible":2})";
  return row;
}

TEST(UsageRecord, DecodesToTheRowThatWasEncoded) {
  const UsageRow row = full_row();
  std::string record;
  encode_usage(row, RecordKind::kSettled, record);
  const auto decoded = decode_usage(record);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->kind, RecordKind::kSettled);
  EXPECT_EQ(decoded->row, row);
}

TEST(UsageRecord, NoteOfAReservationIsToldFromARow) {
  const UsageRow row = full_row();
  std::string record;
  encode_usage(row, RecordKind::kReserved, record);
  const auto decoded = decode_usage(record);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->kind, RecordKind::kReserved);
  EXPECT_EQ(decoded->row, row);
}

TEST(UsageRecord, RefusesWhatIsNoRow) {
  std::string record;
  encode_usage(full_row(), RecordKind::kSettled, record);
  EXPECT_FALSE(decode_usage(std::string_view(record).substr(0, record.find("req_") + 2)));
  EXPECT_FALSE(decode_usage(record + "from a newer program"));
  EXPECT_FALSE(decode_usage(""));
}

TEST(UsageRecord, RecordOfAnOlderProgramLeavesNewerFieldsAtTheirDefault) {
  std::string record;
  encode_usage(full_row(), RecordKind::kSettled, record);
  const auto decoded = decode_usage(std::string_view(record).substr(0, record.find("req_") - 1));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->row.tokens.audio_output, full_row().tokens.audio_output);
  EXPECT_EQ(decoded->row.tokens.video_input, 0);
  EXPECT_EQ(decoded->row.request_id, "");
  EXPECT_EQ(decoded->row.decision, "");
}

TEST(UsageRecord, ADecisionThatIsNotThereCostsOneByte) {
  UsageRow row = full_row();
  std::string with;
  encode_usage(row, RecordKind::kSettled, with);
  const std::size_t bytes = row.decision.size();
  row.decision.clear();
  std::string without;
  encode_usage(row, RecordKind::kSettled, without);
  EXPECT_EQ(with.size() - without.size(), bytes);
}

}  // namespace
}  // namespace tollgate
