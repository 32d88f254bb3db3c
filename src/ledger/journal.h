// The journal: records that are safe before the database has them (ADR 10).
//
// A request's end waits for one append here, not for a transaction of the database; the database is
// filled behind it, in large batches. Two files of fixed size, `journal-0` and `journal-1` in the
// data directory, are written in turn: the one is overwritten only when everything in it is in the
// database for good. Their room is taken when they are made, so that an append changes no metadata
// and a full disk cannot refuse it.
//
// A file begins with its generation, a number that grows with every turn. A record is its length,
// its bytes, and their checksum keyed with the generation and the checksum before it: reading ends
// at the first that does not match, whether it is torn, left from before, or not there.
//
// Beside the records, which the database takes over, there are notes, which it does not: what must
// be known after a crash, for as long as their owner says. A file begins with those that still
// matter.
//
// Not safe for use from several threads at once, but for sync().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tollgate {

class Journal {
 public:
  // The number of a record since open(): 1, 2, 3 …
  using Serial = std::uint64_t;
  using Take = std::function<Status(std::string_view record)>;

  // Opens the journal in `data_dir`, or makes it. Gives `take` every record that it holds, oldest
  // first; records that the database has already may be among them. An error of `take` ends it.
  // When the database has them all, clear() is due, before the first append().
  static Result<std::unique_ptr<Journal>> open(const std::string& data_dir, const Take& take,
                                               std::size_t file_bytes = kFileBytes);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Says which notes still matter, by appending them. Before the first append().
  using Notes = std::function<void(std::vector<std::string_view>& notes)>;
  void keep_notes(Notes notes) { open_notes_ = std::move(notes); }

  // Appends `records` and `notes` in one write, all or none, and gives the serial of the last
  // record; notes have none. From then on they survive the end of this process. kConflict: no room
  // until more is applied(), or fewer notes matter. kServiceUnavailable: the write failed; the
  // journal is as it was.
  Result<Serial> append(std::span<const std::string_view> records,
                        std::span<const std::string_view> notes = {});
  // What was appended survives a loss of power. When it fails, rewind() and append again: a page
  // whose sync failed may be gone though the kernel holds it for clean.
  Status sync();
  // Forgets what was appended since the last sync() that succeeded.
  void rewind();
  // Whether it takes writes, told by one that changes nothing: it ends the journal where it ends.
  // What a failed append or sync may have left behind that is not found again.
  Status probe();

  // Every record up to `serial` is in the database for good.
  void applied(Serial serial);
  // Everything is: the next open() finds nothing, and append() begins anew.
  Status clear();

  Serial last() const { return serial_; }

  static constexpr std::size_t kFileBytes = 8UL << 20U;
  // The most that one append may hold.
  std::size_t append_bytes_max() const;
  // What a record takes of it.
  static std::size_t framed_size(std::string_view record);

 private:
  struct File {
    int descriptor = -1;
    std::uint64_t generation = 0;  // 0: holds nothing
    std::size_t end = 0;           // where the next record goes
    std::uint64_t chain = 0;       // the checksum before it
    Serial last = 0;               // its last record
  };

  explicit Journal(std::size_t file_bytes) : file_bytes_(file_bytes) {}
  Status open_file(File& file, const std::string& path) const;
  Status replay(const File& file, const Take& take) const;
  // Starts the file anew with `generation`.
  Status begin(File& file, std::uint64_t generation) const;
  Status turn();
  Status close_tail(const File& file);
  void mark_synced();
  // Writes what is in framed_ behind the end of the file.
  Status write_framed(File& file, std::uint64_t chain);
  // Adds to framed_; gives the last one's checksum.
  std::uint64_t frame(std::span<const std::string_view> records, const File& file,
                      std::uint64_t chain);

  const std::size_t file_bytes_;
  std::array<File, 2> files_;
  std::size_t current_ = 0;
  Serial serial_ = 0;
  Serial applied_ = 0;
  bool cleared_ = false;
  // A turn was begun, and failed or was taken back: the other file has the newer generation, and
  // copies of notes. Nothing may follow here, or the copies would count for more than it.
  bool turning_ = false;
  // Behind the end of the current file may stand what append() or sync() refused.
  bool tail_refused_ = false;
  // As of the last sync().
  struct {
    std::size_t file = 0;
    File state;
    Serial serial = 0;
  } synced_;
  Notes open_notes_;
  std::vector<std::string_view> noted_;  // these two keep their room from append to append
  std::string framed_;
};

}  // namespace tollgate
