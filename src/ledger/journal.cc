#include "ledger/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/check.h"
#include "base/hash.h"

namespace tollgate {

namespace {

constexpr std::string_view kMagic = "tg-jrnl1";

struct FileHeader {
  std::array<char, 8> magic;
  std::uint64_t generation;
  std::uint64_t checksum;  // of the above
};

struct RecordHeader {
  std::uint64_t checksum;  // of the bytes, keyed with the generation and the checksum before
  std::uint32_t size;      // of the bytes; never 0
  std::uint32_t reserved;
};

// In the machine's own byte order: the files never leave it while they hold anything.
std::uint64_t checksum(std::string_view bytes, std::uint64_t generation, std::uint64_t before) {
  return siphash(bytes, {generation, before});
}

std::uint64_t header_checksum(const FileHeader& header) {
  return checksum({reinterpret_cast<const char*>(&header), offsetof(FileHeader, checksum)}, 0, 0);
}

std::unexpected<Error> unavailable(std::string_view what) {
  return fail(ErrorCode::kServiceUnavailable,
              "The gateway cannot record usage at the moment. Retry in a few seconds.",
              fmt::format("journal: {}: {}", what, std::generic_category().message(errno)));
}

Status write_at(int descriptor, std::string_view bytes, std::size_t place) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(place));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return unavailable("write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    place += static_cast<std::size_t>(written);
  }
  return {};
}

Result<std::string> read_all(int descriptor, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got =
        ::pread(descriptor, bytes.data() + have, size - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unavailable("read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

// Takes the first record off `rest`; empty where the journal ends. `chain` moves on.
std::string_view next_record(std::string_view& rest, std::uint64_t generation,
                             std::uint64_t& chain) {
  RecordHeader header;
  if (rest.size() < sizeof(header)) return {};
  std::memcpy(&header, rest.data(), sizeof(header));
  if (header.size == 0 || header.size > rest.size() - sizeof(header)) return {};
  const std::string_view bytes = rest.substr(sizeof(header), header.size);
  if (checksum(bytes, generation, chain) != header.checksum) return {};
  rest.remove_prefix(sizeof(header) + bytes.size());
  chain = header.checksum;
  return bytes;
}

}  // namespace

Status Journal::open_file(File& file, const std::string& path) const {
  file.descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file.descriptor < 0 || ::fchmod(file.descriptor, 0600) != 0) return unavailable(path);
  const off_t size = ::lseek(file.descriptor, 0, SEEK_END);
  if (size >= static_cast<off_t>(file_bytes_)) return {};
  // Zeros rather than a hole: the blocks are there from now on.
  const std::string zeros(file_bytes_ - static_cast<std::size_t>(size), '\0');
  if (Status made = write_at(file.descriptor, zeros, static_cast<std::size_t>(size)); !made) {
    return made;
  }
  return ::fsync(file.descriptor) == 0 ? Status() : unavailable("sync");
}

Status Journal::replay(const File& file, const Take& take) const {
  const auto bytes = read_all(file.descriptor, file_bytes_);
  if (!bytes) return std::unexpected(bytes.error());
  std::string_view rest = std::string_view(*bytes).substr(sizeof(FileHeader));
  std::uint64_t chain = 0;
  for (;;) {
    const std::string_view record = next_record(rest, file.generation, chain);
    if (record.empty()) return {};
    if (Status taken = take(record); !taken) return taken;
  }
}

Status Journal::begin(File& file, std::uint64_t generation) const {
  FileHeader header{.magic = {}, .generation = generation, .checksum = 0};
  std::ranges::copy(kMagic, header.magic.begin());
  header.checksum = header_checksum(header);
  const std::string_view bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  if (Status written = write_at(file.descriptor, bytes, 0); !written) return written;
  file = {.descriptor = file.descriptor,
          .generation = generation,
          .end = sizeof(FileHeader),
          .chain = 0,
          .last = 0};
  return {};
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& data_dir, const Take& take,
                                               std::size_t file_bytes) {
  std::unique_ptr<Journal> journal(new Journal(file_bytes));
  for (std::size_t i = 0; i < journal->files_.size(); ++i) {
    File& file = journal->files_[i];
    Status opened = journal->open_file(file, fmt::format("{}/journal-{}", data_dir, i));
    if (!opened) return std::unexpected(opened.error());
    FileHeader header{};
    const auto bytes = read_all(file.descriptor, sizeof(header));
    if (!bytes) return std::unexpected(bytes.error());
    std::memcpy(&header, bytes->data(), sizeof(header));
    const bool ours = std::string_view(header.magic.data(), header.magic.size()) == kMagic &&
                      header.checksum == header_checksum(header);
    file.generation = ours ? header.generation : 0;
  }
  const std::size_t older = journal->files_[0].generation < journal->files_[1].generation ? 0 : 1;
  for (const std::size_t i : {older, 1 - older}) {
    if (journal->files_[i].generation == 0) continue;
    if (Status read = journal->replay(journal->files_[i], take); !read) {
      return std::unexpected(read.error());
    }
  }
  return journal;
}

Journal::~Journal() {
  for (const File& file : files_) {
    if (file.descriptor >= 0) ::close(file.descriptor);
  }
}

// Goes on in the other file, if nothing in there is needed any more.
Status Journal::turn() {
  File& next = files_[1 - current_];
  if (next.last > applied_) {
    return fail(ErrorCode::kConflict, "The journal is full.", "journal: no room");
  }
  if (Status closed = close_tail(files_[current_]); !closed) return closed;
  turning_ = true;
  const std::uint64_t generation = std::max(files_[0].generation, files_[1].generation) + 1;
  if (Status begun = begin(next, generation); !begun) return begun;
  if (open_notes_) {
    noted_.clear();
    open_notes_(noted_);
    framed_.clear();
    const std::uint64_t chain = frame(noted_, next, next.chain);
    if (Status written = write_framed(next, chain); !written) return written;
  }
  current_ = 1 - current_;
  turning_ = false;
  return {};
}

// What was refused may stand whole behind the file's end (a later record failed, or the sync): with
// the next record in another file, only this keeps it from being read. It is on the disk before
// anything that may have been admitted in its place.
Status Journal::close_tail(const File& file) {
  if (!tail_refused_) return {};
  constexpr std::array<char, sizeof(RecordHeader)> kNoRecord{};
  const std::size_t room = std::min(file_bytes_ - file.end, kNoRecord.size());
  if (Status closed = write_at(file.descriptor, {kNoRecord.data(), room}, file.end); !closed) {
    return closed;
  }
  if (::fdatasync(file.descriptor) != 0) return unavailable("sync");
  tail_refused_ = false;
  return {};
}

std::uint64_t Journal::frame(std::span<const std::string_view> records, const File& file,
                             std::uint64_t chain) {
  for (const std::string_view record : records) {
    check(!record.empty(), "a record has bytes");
    chain = checksum(record, file.generation, chain);
    const RecordHeader header{
        .checksum = chain, .size = static_cast<std::uint32_t>(record.size()), .reserved = 0};
    framed_.append(reinterpret_cast<const char*>(&header), sizeof(header));
    framed_.append(record);
  }
  return chain;
}

Status Journal::write_framed(File& file, std::uint64_t chain) {
  if (file.end + framed_.size() > file_bytes_) {
    return fail(ErrorCode::kConflict, "The journal is full.", "journal: no room beside its notes");
  }
  if (Status written = write_at(file.descriptor, framed_, file.end); !written) {
    tail_refused_ = true;
    return written;
  }
  file.end += framed_.size();
  file.chain = chain;
  return {};
}

std::size_t Journal::append_bytes_max() const { return file_bytes_ - sizeof(FileHeader); }

std::size_t Journal::framed_size(std::string_view record) {
  return sizeof(RecordHeader) + record.size();
}

Result<Journal::Serial> Journal::append(std::span<const std::string_view> records,
                                        std::span<const std::string_view> notes) {
  check(cleared_, "a journal is cleared before it is written");
  std::size_t size = 0;
  for (const std::string_view record : records) size += framed_size(record);
  for (const std::string_view note : notes) size += framed_size(note);
  check(size <= append_bytes_max(), "an append fits a file");
  if (turning_ || files_[current_].end + size > file_bytes_) {
    if (Status turned = turn(); !turned) return std::unexpected(turned.error());
  }
  File& file = files_[current_];
  framed_.clear();
  std::uint64_t chain = frame(notes, file, file.chain);
  chain = frame(records, file, chain);
  if (Status written = write_framed(file, chain); !written) return std::unexpected(written.error());
  serial_ += records.size();
  if (!records.empty()) file.last = serial_;
  return serial_;
}

Status Journal::sync() {
  // With a turn since the last one, both files have something new.
  if (synced_.file != current_ && ::fdatasync(files_[synced_.file].descriptor) != 0) {
    return unavailable("sync");
  }
  if (::fdatasync(files_[current_].descriptor) != 0) return unavailable("sync");
  mark_synced();
  return {};
}

void Journal::mark_synced() {
  synced_.file = current_;
  synced_.state = files_[current_];
  synced_.serial = serial_;
}

void Journal::rewind() {
  if (synced_.file != current_) {
    files_[current_].last = 0;  // all of it is forgotten
    turning_ = true;
  }
  tail_refused_ = true;
  current_ = synced_.file;
  files_[current_] = synced_.state;
  serial_ = synced_.serial;
}

Status Journal::probe() {
  const File& file = files_[current_];
  const RecordHeader none{.checksum = 0, .size = 0, .reserved = 0};
  if (file.end + sizeof(none) > file_bytes_) return {};
  return write_at(file.descriptor, {reinterpret_cast<const char*>(&none), sizeof(none)}, file.end);
}

void Journal::applied(Serial serial) { applied_ = std::max(applied_, serial); }

Status Journal::clear() {
  const std::uint64_t newest = std::max(files_[0].generation, files_[1].generation);
  for (File& file : files_) {
    if (Status begun = begin(file, newest + 1); !begun) return begun;
    if (::fdatasync(file.descriptor) != 0) return unavailable("sync");
  }
  current_ = 0;
  cleared_ = true;
  turning_ = false;
  tail_refused_ = false;
  mark_synced();
  return {};
}

}  // namespace tollgate
