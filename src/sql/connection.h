// A connection to the database and its prepared statements: the one place that calls the engine's C
// API (SQLite now; PostgreSQL joins behind the same declarations).
//
// A Connection belongs to one thread at a time: the writer thread or a reader thread. Statements
// bind by position, counted from 1, written `?` in the SQL. Nothing throws out of sql/.
//
// Beside what the engine has, statements may call add_counts(a, b): two lists of counts, packed as
// base/sparse_counts.h does it, added.
//
// Errors: kConflict = a UNIQUE or PRIMARY KEY constraint; kServiceUnavailable = the store is away
// (disk full, I/O, busy, corrupt, no memory); kInternal = a bug in a statement or in what it was
// given (syntax, other constraints, overflow, a text with NUL, a column of another type). `detail`
// carries the engine's words and the SQL, never a bound value.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tollgate::sql {

enum class Checkpoint { kDone, kBusy };
enum class Access { kReadOnly, kReadWrite };
// kFull: a commit survives power loss (fsync). kNormal: it survives a crash of the process.
enum class Synchronous { kFull, kNormal };

struct OpenOptions {
  std::string path;
  Access access = Access::kReadWrite;  // kReadWrite makes the file
  Synchronous synchronous = Synchronous::kFull;
  std::chrono::milliseconds busy_timeout{250};
  int wal_autocheckpoint_pages = 10'000;  // 0 = never by itself
};

struct ConnectionState;

// A prepared statement on loan from its Connection: destroyed, it goes back, reset and unbound.
// Must not outlive the Connection. An error in binding or in reading a column is kept, and the next
// step() or status() reports it.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Integers beyond int64 are an error, never wrapped.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Statement& bind(int position, T value) {
    if (!std::in_range<std::int64_t>(value)) return refuse("integer out of range");
    return bind_integer(position, static_cast<std::int64_t>(value));
  }
  // The text is copied. Text with a NUL byte is an error.
  Statement& bind(int position, std::string_view text);
  Statement& bind(int position, const char* text) { return bind(position, std::string_view(text)); }
  Statement& bind(int position, const std::string& text) {
    return bind(position, std::string_view(text));
  }
  template <class T>
  Statement& bind(int position, const std::optional<T>& value) {
    return value ? bind(position, *value) : bind_null(position);
  }
  // REQUIRES: the text lives, unchanged, until the statement last runs.
  Statement& bind_borrowed(int position, std::string_view text);
  Statement& bind_blob(int position, std::span<const std::uint8_t> bytes);  // copied
  Statement& bind_null(int position);

  // True: a row is there to read. False: done. After an error or the end, reset() to run again.
  Result<bool> step();
  // Runs a statement that gives no rows, and resets it (bindings stay).
  Status run();
  void reset();
  // The first error so far, success otherwise.
  Status status() const;

  // Columns are counted from 0 and valid until the next step(). A column of another type is an
  // error (kept) and gives an empty value; NULL is another type except for the optional ones.
  std::int64_t integer(int column);
  std::optional<std::int64_t> optional_integer(int column);
  std::string_view text(int column);
  std::optional<std::string_view> optional_text(int column);
  std::span<const std::uint8_t> blob(int column);
  bool is_null(int column) const;

 private:
  friend class Connection;
  Statement(ConnectionState* connection, sqlite3_stmt* handle, int cache_slot);
  Statement(ConnectionState* connection, Error error);
  Statement& bind_integer(int position, std::int64_t value);
  Statement& refuse(std::string_view what);
  void keep(Error error);
  bool readable(int column, int type);

  ConnectionState* connection_;
  sqlite3_stmt* handle_ = nullptr;
  int cache_slot_ = -1;  // -1: not of the cache; finalized when destroyed
  enum class Cursor { kReady, kOnRow, kDone };
  Cursor cursor_ = Cursor::kReady;
  std::optional<Error> error_;
};

class Connection {
 public:
  // kServiceUnavailable when the file cannot be opened or is no database. WAL, foreign keys on.
  static Result<Connection> open(OpenOptions options);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Prepared once and kept, up to a bound, by its text. A statement that does not compile comes
  // back with its error kept.
  Statement prepare(std::string_view sql);
  // One or more statements without parameters and rows.
  Status exec(std::string_view sql);
  // Rows changed by the last INSERT, UPDATE or DELETE of this connection.
  std::int64_t changes() const;

  // Transactions: BEGIN IMMEDIATE for writers, a read snapshot for readers. rollback() never fails
  // the caller: after it no transaction is open.
  Status begin_write();
  Status begin_read();
  Status commit();
  void rollback();
  bool in_transaction() const;

  // The first failure of the store itself (I/O, full, corrupt …; not busy, not a bug) since the
  // last call. The writer rolls back and reopens after one.
  std::optional<Error> take_fault();
  // Pages in the write-ahead log after this connection's last commit.
  int wal_pages() const;
  // Moves what it can from the log into the database without waiting for anyone. kBusy: somebody
  // else is at it, and nothing was done.
  Result<Checkpoint> checkpoint_passive();

  const OpenOptions& options() const;
  // For tests and engine-specific code in sql/ only.
  sqlite3* handle() const;

 private:
  explicit Connection(std::unique_ptr<ConnectionState> state);
  Status run(std::string_view sql);
  std::unique_ptr<ConnectionState> state_;
};

// A part of a transaction that fails alone: rolled back when destroyed, unless released. If even
// that fails, the whole transaction is rolled back (in_transaction() is false).
class Savepoint {
 public:
  explicit Savepoint(Connection& connection);
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  ~Savepoint();
  Status status() const { return status_; }  // of its opening
  Status release();

 private:
  Connection& connection_;
  Status status_;
  bool open_ = false;
};

}  // namespace tollgate::sql
