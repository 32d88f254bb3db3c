#include "server/master_key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace tollgate {

namespace {

constexpr std::size_t kFileBytesMax = 1'024;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_;
};

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(ErrorCode::kConflict, path + " " + why);
}

std::unexpected<Error> system_error(const std::string& path, std::string_view doing) {
  return refuse(path, std::string(doing) + ": " + std::strerror(errno) + ".");
}

Result<MasterKey> read_key(const Descriptor& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) return system_error(path, "cannot be looked at");
  if (!S_ISREG(status.st_mode)) return refuse(path, "is no file.");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refuse(path,
                  "can be read or changed by others than its owner, and it opens every "
                  "provider's credential. Allow its owner alone: chmod 600 " +
                      path);
  }
  std::string text(kFileBytesMax, '\0');
  const ssize_t length = ::read(file.number(), text.data(), text.size());
  if (length < 0) return system_error(path, "cannot be read");
  const Secret held(text.substr(0, static_cast<std::size_t>(length)));
  std::ranges::fill(text, '\0');
  auto key = MasterKey::parse(held.expose());
  if (!key) return refuse(path, "holds no master key: it " + key.error().message + ".");
  return key;
}

Status sync_directory(const std::string& data_dir) {
  const Descriptor directory(::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.number()) != 0) {
    return system_error(data_dir, "cannot be synced");
  }
  return {};
}

Result<MasterKey> make_key(const std::string& data_dir, const std::string& path, Random& random) {
  MasterKey key = MasterKey::make(random);
  // Under another name first: a key that is half written must never be found.
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  {
    const Descriptor file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file.open()) return system_error(path, "cannot be made");
    const Secret text = key.text();
    const std::string_view bytes = text.expose();
    if (::write(file.number(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::write(file.number(), "\n", 1) != 1 || ::fsync(file.number()) != 0) {
      return system_error(path, "cannot be written");
    }
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_error(path, "cannot be made");
  if (Status synced = sync_directory(data_dir); !synced) return std::unexpected(synced.error());
  return key;
}

}  // namespace

Result<MasterKey> load_master_key(const std::string& data_dir, SealedBefore before,
                                  Random& random) {
  const std::string path = data_dir + "/master.key";
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.open()) return read_key(file, path);
  if (errno != ENOENT) return system_error(path, "cannot be opened");
  if (before == SealedBefore::kSomething) {
    return refuse(path,
                  "is missing, and provider credentials in the database were sealed with it. "
                  "Put the file back, or give its key in TOLLGATE_MASTER_KEY.");
  }
  return make_key(data_dir, path, random);
}

}  // namespace tollgate
