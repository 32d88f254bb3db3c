#include "sql/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <unordered_map>
#include <vector>

#include "base/sparse_counts.h"

namespace tollgate::sql {

namespace {

constexpr std::size_t kStatementsCachedMax = 256;
constexpr std::size_t kSqlInDetailMax = 160;
constexpr std::int64_t kLogBytesKept = 64 << 20;  // the log file is cut to this when it starts anew

struct CachedStatement {
  sqlite3_stmt* handle = nullptr;
  bool lent = false;
};

struct SqlHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view sql) const { return std::hash<std::string_view>{}(sql); }
};

bool is_store_failure(int code) {
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

bool is_busy(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_INTERRUPT;
}

Error make_error(int code, std::string_view words, std::string_view sql) {
  Error error;
  error.detail = fmt::format("sqlite {}: {}", code, words);
  if (!sql.empty()) error.detail += fmt::format(" [{}]", sql.substr(0, kSqlInDetailMax));
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
      code == SQLITE_CONSTRAINT_ROWID) {
    error.code = ErrorCode::kConflict;
    error.message = "This exists already.";
  } else if (is_store_failure(code) || is_busy(code)) {
    error.code = ErrorCode::kServiceUnavailable;
    error.message = "The gateway's store is not available; try again shortly.";
  } else {
    error.code = ErrorCode::kInternal;
    error.message = "The request could not be completed.";
  }
  return error;
}

}  // namespace

struct ConnectionState {
  sqlite3* handle = nullptr;
  OpenOptions options;
  std::vector<CachedStatement> statements;
  std::unordered_map<std::string, int, SqlHash, std::equal_to<>> slots;
  std::optional<Error> fault;
  int wal_pages = 0;

  ConnectionState() = default;
  ConnectionState(const ConnectionState&) = delete;
  ConnectionState& operator=(const ConnectionState&) = delete;
  ~ConnectionState() {
    for (const CachedStatement& statement : statements) sqlite3_finalize(statement.handle);
    sqlite3_close_v2(handle);
  }

  Error error_of(int code, std::string_view sql) {
    Error error = make_error(code, sqlite3_errmsg(handle), sql);
    if (is_store_failure(code) && !fault) fault = error;
    return error;
  }
};

namespace {

// SQLite's own automatic checkpoint stands on this hook too; setting it replaces that one.
int after_commit(void* state, sqlite3* handle, const char* database, int pages) {
  auto* connection = static_cast<ConnectionState*>(state);
  connection->wal_pages = pages;
  const int limit = connection->options.wal_autocheckpoint_pages;
  if (limit > 0 && pages >= limit) {
    sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  return SQLITE_OK;
}

std::span<const std::uint8_t> bytes_of(sqlite3_value* value) {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_value_blob(value));
  return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void add_counts(sqlite3_context* context, int /*arguments*/, sqlite3_value** values) {
  const std::string sum = sum_packed_counts(bytes_of(values[0]), bytes_of(values[1]));
  sqlite3_result_blob64(context, sum.data(), sum.size(), SQLITE_TRANSIENT);
}

int define_functions(sqlite3* handle) {
  constexpr int kPure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  return sqlite3_create_function_v2(handle, "add_counts", 2, kPure, nullptr, add_counts, nullptr,
                                    nullptr, nullptr);
}

std::string_view sql_of(sqlite3_stmt* statement) {
  const char* text = sqlite3_sql(statement);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

// --- Statement ---

Statement::Statement(ConnectionState* connection, sqlite3_stmt* handle, int cache_slot)
    : connection_(connection), handle_(handle), cache_slot_(cache_slot) {}

Statement::Statement(ConnectionState* connection, Error error)
    : connection_(connection), error_(std::move(error)) {}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      handle_(std::exchange(other.handle_, nullptr)),
      cache_slot_(std::exchange(other.cache_slot_, -1)),
      cursor_(other.cursor_),
      error_(std::move(other.error_)) {}

Statement::~Statement() {
  if (handle_ == nullptr) return;
  if (cache_slot_ < 0) {
    sqlite3_finalize(handle_);
    return;
  }
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  connection_->statements[static_cast<std::size_t>(cache_slot_)].lent = false;
}

void Statement::keep(Error error) {
  if (!error_) error_ = std::move(error);
}

Statement& Statement::refuse(std::string_view what) {
  const std::string_view sql = handle_ == nullptr ? std::string_view() : sql_of(handle_);
  keep(make_error(SQLITE_MISMATCH, what, sql));
  return *this;
}

Statement& Statement::bind_integer(int position, std::int64_t value) {
  if (handle_ == nullptr) return *this;
  const int code = sqlite3_bind_int64(handle_, position, value);
  if (code != SQLITE_OK) keep(connection_->error_of(code, sql_of(handle_)));
  return *this;
}

namespace {

int bind_text(sqlite3_stmt* handle, int position, std::string_view text,
              sqlite3_destructor_type lifetime) {
  // A null pointer would bind NULL, not an empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  return sqlite3_bind_text64(handle, position, data, text.size(), lifetime, SQLITE_UTF8);
}

}  // namespace

Statement& Statement::bind(int position, std::string_view text) {
  if (handle_ == nullptr) return *this;
  if (text.find('\0') != std::string_view::npos) return refuse("text with a NUL byte");
  const int code = bind_text(handle_, position, text, SQLITE_TRANSIENT);
  if (code != SQLITE_OK) keep(connection_->error_of(code, sql_of(handle_)));
  return *this;
}

Statement& Statement::bind_borrowed(int position, std::string_view text) {
  if (handle_ == nullptr) return *this;
  if (text.find('\0') != std::string_view::npos) return refuse("text with a NUL byte");
  const int code = bind_text(handle_, position, text, SQLITE_STATIC);
  if (code != SQLITE_OK) keep(connection_->error_of(code, sql_of(handle_)));
  return *this;
}

Statement& Statement::bind_blob(int position, std::span<const std::uint8_t> bytes) {
  if (handle_ == nullptr) return *this;
  const int code = bytes.empty() ? sqlite3_bind_zeroblob(handle_, position, 0)
                                 : sqlite3_bind_blob64(handle_, position, bytes.data(),
                                                       bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) keep(connection_->error_of(code, sql_of(handle_)));
  return *this;
}

Statement& Statement::bind_null(int position) {
  if (handle_ == nullptr) return *this;
  const int code = sqlite3_bind_null(handle_, position);
  if (code != SQLITE_OK) keep(connection_->error_of(code, sql_of(handle_)));
  return *this;
}

Result<bool> Statement::step() {
  if (error_) return std::unexpected(*error_);
  // SQLite would begin again from the first row.
  if (cursor_ == Cursor::kDone) return false;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) {
    cursor_ = Cursor::kOnRow;
    return true;
  }
  cursor_ = Cursor::kDone;
  if (code == SQLITE_DONE) return false;
  keep(connection_->error_of(code, sql_of(handle_)));
  return std::unexpected(*error_);
}

Status Statement::run() {
  const Result<bool> row = step();
  if (row && *row) refuse("a statement that gives rows was run as one that does not");
  Status outcome = status();
  reset();
  return outcome;
}

void Statement::reset() {
  if (handle_ == nullptr) return;  // it never compiled: its error stays
  sqlite3_reset(handle_);
  cursor_ = Cursor::kReady;
  error_.reset();
}

Status Statement::status() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

bool Statement::readable(int column, int type) {
  if (handle_ == nullptr) return false;
  if (cursor_ != Cursor::kOnRow || column < 0 || column >= sqlite3_column_count(handle_)) {
    refuse("a column was read that is not there");
    return false;
  }
  if (sqlite3_column_type(handle_, column) == type) return true;
  refuse(fmt::format("column {} is of another type", column));
  return false;
}

std::int64_t Statement::integer(int column) {
  return readable(column, SQLITE_INTEGER) ? sqlite3_column_int64(handle_, column) : 0;
}

std::optional<std::int64_t> Statement::optional_integer(int column) {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Statement::text(int column) {
  if (!readable(column, SQLITE_TEXT)) return {};
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) {
    keep(connection_->error_of(SQLITE_NOMEM, sql_of(handle_)));
    return {};
  }
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<std::string_view> Statement::optional_text(int column) {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::span<const std::uint8_t> Statement::blob(int column) {
  if (!readable(column, SQLITE_BLOB)) return {};
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_, column));
  const int size = sqlite3_column_bytes(handle_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {bytes, static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return handle_ != nullptr && cursor_ == Cursor::kOnRow && column >= 0 &&
         column < sqlite3_column_count(handle_) &&
         sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

// --- Connection ---

Connection::Connection(std::unique_ptr<ConnectionState> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(OpenOptions options) {
  auto state = std::make_unique<ConnectionState>();
  state->options = std::move(options);
  const OpenOptions wanted = state->options;
  const int flags =
      (wanted.access == Access::kReadOnly ? SQLITE_OPEN_READONLY
                                          : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(wanted.path.c_str(), &state->handle, flags, nullptr);
  if (code != SQLITE_OK) {
    const char* words =
        state->handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(state->handle);
    return std::unexpected(make_error(code, words, wanted.path));
  }
  sqlite3_busy_timeout(state->handle, static_cast<int>(wanted.busy_timeout.count()));
  if (const int defined = define_functions(state->handle); defined != SQLITE_OK) {
    return std::unexpected(make_error(defined, sqlite3_errmsg(state->handle), wanted.path));
  }

  std::string setup = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
  setup += " PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;";
  if (wanted.access == Access::kReadOnly) {
    setup += " PRAGMA query_only = ON;";
  } else {
    setup += " PRAGMA journal_mode = WAL;";
    setup += fmt::format(" PRAGMA journal_size_limit = {};", kLogBytesKept);
  }
  setup += wanted.synchronous == Synchronous::kFull ? " PRAGMA synchronous = FULL;"
                                                    : " PRAGMA synchronous = NORMAL;";
  // Opening reads nothing yet: this is where a file that is no database is found.
  setup += " SELECT count(*) FROM sqlite_master;";
  Connection connection(std::move(state));
  const Status ready = connection.exec(setup);
  if (!ready) return std::unexpected(ready.error());
  if (wanted.access == Access::kReadWrite) {
    Statement mode = connection.prepare("PRAGMA journal_mode");
    const Result<bool> row = mode.step();
    if (!row) return std::unexpected(row.error());
    if (mode.text(0) != "wal") {
      return std::unexpected(make_error(SQLITE_CANTOPEN, "no write-ahead log here", wanted.path));
    }
  }
  sqlite3_wal_hook(connection.state_->handle, after_commit, connection.state_.get());
  return connection;
}

Statement Connection::prepare(std::string_view sql) {
  ConnectionState& state = *state_;
  const auto found = state.slots.find(sql);
  if (found != state.slots.end()) {
    CachedStatement& cached = state.statements[static_cast<std::size_t>(found->second)];
    if (!cached.lent) {
      cached.lent = true;
      return Statement(state_.get(), cached.handle, found->second);
    }
  }
  const bool keep = found == state.slots.end() && state.statements.size() < kStatementsCachedMax;
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(state.handle, sql.data(), static_cast<int>(sql.size()),
                                      keep ? SQLITE_PREPARE_PERSISTENT : 0, &handle, &rest);
  if (code != SQLITE_OK) return Statement(state_.get(), state.error_of(code, sql));
  const auto consumed = static_cast<std::size_t>(rest - sql.data());
  if (handle == nullptr || sql.find_first_not_of(" \n;", consumed) != std::string_view::npos) {
    sqlite3_finalize(handle);
    return Statement(state_.get(), make_error(SQLITE_MISUSE, "not exactly one statement", sql));
  }
  if (!keep) return Statement(state_.get(), handle, -1);
  const int slot = static_cast<int>(state.statements.size());
  state.statements.push_back({.handle = handle, .lent = true});
  state.slots.emplace(std::string(sql), slot);
  return Statement(state_.get(), handle, slot);
}

Status Connection::exec(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(state_->handle, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(state_->error_of(code, sql));
  return {};
}

Status Connection::run(std::string_view sql) { return prepare(sql).run(); }

std::int64_t Connection::changes() const { return sqlite3_changes64(state_->handle); }

// A deferred BEGIN would answer busy at once when it has to become a write.
Status Connection::begin_write() { return run("BEGIN IMMEDIATE"); }
Status Connection::begin_read() { return run("BEGIN"); }
Status Connection::commit() { return run("COMMIT"); }

void Connection::rollback() {
  if (!in_transaction()) return;
  sqlite3_exec(state_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(state_->handle) == 0; }

std::optional<Error> Connection::take_fault() { return std::exchange(state_->fault, std::nullopt); }

int Connection::wal_pages() const { return state_->wal_pages; }

Result<Checkpoint> Connection::checkpoint_passive() {
  const int code = sqlite3_wal_checkpoint_v2(state_->handle, "main", SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  if (code == SQLITE_OK) return Checkpoint::kDone;
  if (is_busy(code)) return Checkpoint::kBusy;
  return std::unexpected(state_->error_of(code, "checkpoint"));
}

const OpenOptions& Connection::options() const { return state_->options; }
sqlite3* Connection::handle() const { return state_->handle; }

// --- Savepoint ---

Savepoint::Savepoint(Connection& connection)
    : connection_(connection), status_(connection.prepare("SAVEPOINT part").run()) {
  open_ = status_.has_value();
}

Savepoint::~Savepoint() {
  // The engine may have rolled the whole transaction back by itself (disk full).
  if (!open_ || !connection_.in_transaction()) return;
  Status undone = connection_.prepare("ROLLBACK TO part").run();
  if (undone) undone = connection_.prepare("RELEASE part").run();
  // Half of a part must never be committed: without this one, nothing is.
  if (!undone) connection_.rollback();
}

Status Savepoint::release() {
  Status released = connection_.prepare("RELEASE part").run();
  open_ = !released;
  return released;
}

}  // namespace tollgate::sql
