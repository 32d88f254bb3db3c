#include "ledger/data_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace tollgate {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> unusable(const std::string& data_dir, int error) {
  std::string reason = std::generic_category().message(error);
  return fail(ErrorCode::kServiceUnavailable,
              fmt::format("The data directory {} cannot be used: {}.", data_dir, reason));
}

// An existing directory is made private only where nobody else's files can be meant: `--data /tmp`
// must not close /tmp for everyone.
void make_private(const fs::path& data_dir) {
  std::error_code error;
  const fs::perms others = fs::perms::group_all | fs::perms::others_all;
  if ((fs::status(data_dir, error).permissions() & others) == fs::perms::none) return;
  const bool ours = fs::is_empty(data_dir, error) || fs::exists(data_dir / "lock", error) ||
                    fs::exists(data_dir / "tollgate.db", error);
  if (ours && ::chmod(data_dir.c_str(), 0700) == 0) return;
  log(LogLevel::kWarning, "other users may list the data directory {}: make it private (chmod 700)",
      data_dir.string());
}

Status prepare(const std::string& data_dir) {
  const fs::path path(data_dir);
  std::error_code error;
  if (fs::is_directory(path, error)) {
    make_private(path);
    return {};
  }
  error.clear();  // that it is not there is no fault
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) return unusable(data_dir, error.value());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return unusable(data_dir, errno);
  return {};
}

// What the holder wrote: its pid, or empty when it has not come that far yet.
std::string holder_of(int file) {
  char text[32];
  const ssize_t size = ::pread(file, text, sizeof text, 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid;
}

}  // namespace

Result<DataLock> DataLock::take(const std::string& data_dir) {
  if (Status ready = prepare(data_dir); !ready) return std::unexpected(ready.error());
  const std::string path = (fs::path(data_dir) / "lock").string();
  DataLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.file_ < 0) return unusable(data_dir, errno);
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unusable(data_dir, errno);
    const std::string pid = holder_of(lock.file_);
    return fail(ErrorCode::kConflict,
                fmt::format("The data directory {} is in use by process {}: stop it, or choose "
                            "another directory with --data.",
                            data_dir, pid.empty() ? "(starting)" : pid));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock.file_, 0) != 0) return unusable(data_dir, errno);
  // A disk too full for the pid must not keep the gateway from serving: the lock itself holds.
  if (::pwrite(lock.file_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    log(LogLevel::kWarning, "the pid could not be written to {}", path);
  }
  return lock;
}

Status make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::fchmod(file, 0600) != 0) {
    const std::string reason = std::generic_category().message(errno);
    if (file >= 0) ::close(file);
    return fail(ErrorCode::kServiceUnavailable,
                fmt::format("The file {} cannot be opened: {}.", path, reason));
  }
  ::close(file);
  return {};
}

DataLock::DataLock(DataLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DataLock& DataLock::operator=(DataLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

DataLock::~DataLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace tollgate
