#include "store/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <variant>

#include "store/audit_search.h"
#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr int kPageRowsMax = 1'000;

// Netstrings: no two different rows have the same text, whatever their fields hold.
void append_field(std::string& out, std::string_view field) {
  fmt::format_to(std::back_inserter(out), "{}:{},", field.size(), field);
}

void append_optional_field(std::string& out, const std::optional<std::string>& field) {
  if (field) {
    append_field(out, *field);
  } else {
    out += "-,";
  }
}

Sha256 hash_of(const AuditRow& row) {
  std::string text(row.previous_hash.begin(), row.previous_hash.end());
  append_field(text, std::to_string(row.number));
  append_field(text, std::to_string(micros(row.entry.at)));
  append_field(text, row.entry.actor);
  append_field(text, row.entry.action);
  append_field(text, row.entry.object);
  append_optional_field(text, row.entry.before);
  append_optional_field(text, row.entry.after);
  append_field(text, row.entry.from_address);
  append_field(text, row.entry.workspace.get());
  return sha256(text);
}

Result<Sha256> hash_column(sql::Statement& row, int column) {
  const std::span<const std::uint8_t> bytes = row.blob(column);
  Sha256 hash;
  if (bytes.size() != hash.size()) return unreadable("a hash");
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

std::optional<std::string> owned(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

constexpr std::string_view kSelect =
    "SELECT number, at, actor, action, object, before, after, from_address, workspace_id, "
    "previous_hash, hash FROM audit ";

Result<AuditRow> read_row(sql::Statement& select) {
  AuditRow row;
  row.number = select.integer(0);
  row.entry.at = wall_time(select.integer(1));
  row.entry.actor = select.text(2);
  row.entry.action = select.text(3);
  row.entry.object = select.text(4);
  row.entry.before = owned(select.optional_text(5));
  row.entry.after = owned(select.optional_text(6));
  row.entry.from_address = select.text(7);
  row.entry.workspace = WorkspaceId(std::string(select.text(8)));
  const Result<Sha256> previous = hash_column(select, 9);
  const Result<Sha256> hash = hash_column(select, 10);
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  if (!previous) return std::unexpected(previous.error());
  if (!hash) return std::unexpected(hash.error());
  row.previous_hash = *previous;
  row.hash = *hash;
  return row;
}

struct Head {
  std::int64_t number = 0;
  Sha256 hash{};
};

Result<Head> read_head(sql::Connection& connection) {
  sql::Statement select = connection.prepare("SELECT number, hash FROM audit_head WHERE one = 1");
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return unreadable("the end of the audit log is missing");
  Head head;
  head.number = select.integer(0);
  const Result<Sha256> hash = hash_column(select, 1);
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  if (!hash) return std::unexpected(hash.error());
  head.hash = *hash;
  return head;
}

std::unexpected<Error> bad_param(std::string param, std::string message) {
  Error error{.code = ErrorCode::kInvalidRequest, .message = std::move(message)};
  error.param = std::move(param);
  return std::unexpected(std::move(error));
}

// The part of a query that stands behind WHERE, with only what it asks for, so that the narrowest
// index can be used.
class Conditions {
 public:
  using Value = std::variant<std::int64_t, std::string>;

  void add(std::string_view sql, std::vector<Value> values) {
    sql_ += sql_.empty() ? "WHERE " : " AND ";
    sql_ += sql;
    std::ranges::move(values, std::back_inserter(values_));
  }
  const std::string& sql() const { return sql_; }
  // Gives the first parameter that is left.
  int bind(sql::Statement& statement) const {
    int at = 0;
    for (const Value& value : values_) {
      std::visit([&statement, &at](const auto& one) { statement.bind(++at, one); }, value);
    }
    return at + 1;
  }

 private:
  std::string sql_;
  std::vector<Value> values_;
};

Conditions conditions_of(const AuditQuery& query, const AuditNumbers& among) {
  Conditions conditions;
  conditions.add("number >= ? AND number < ?", {among.from, among.to});
  // An object has few rows, whatever workspace it is of.
  if (query.workspace) {
    conditions.add(query.object.empty() ? "workspace_id = ?" : "+workspace_id = ?",
                   {query.workspace->get()});
  }
  if (!query.object.empty()) conditions.add("object = ?", {query.object});
  if (query.action.contains('.')) {
    conditions.add("+action = ?", {query.action});
  } else if (!query.action.empty()) {
    conditions.add("+action > ? AND +action < ?", {query.action + ".", query.action + "/"});
  }
  if (!query.actors.empty()) {
    std::string places = "?";
    for (std::size_t i = 1; i < query.actors.size(); ++i) places += ", ?";
    conditions.add(fmt::format("+actor IN ({})", places),
                   {query.actors.begin(), query.actors.end()});
  }
  // The sign keeps the engine from reading rows by the index of times, which would have to be
  // sorted then.
  if (query.from) conditions.add("+at >= ?", {micros(*query.from)});
  if (query.to) conditions.add("+at < ?", {micros(*query.to)});
  return conditions;
}

Result<std::int64_t> before_number(const std::string& cursor) {
  if (cursor.empty()) return std::numeric_limits<std::int64_t>::max();
  std::int64_t number = 0;
  const char* end = cursor.data() + cursor.size();
  const auto [rest, problem] = std::from_chars(cursor.data(), end, number);
  if (problem != std::errc() || rest != end || number < 1) {
    return bad_param("cursor", "The cursor is not one that this list gave.");
  }
  return number;
}

Status read_rows(sql::Statement& select, std::vector<AuditRow>& rows) {
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    Result<AuditRow> row = read_row(select);
    if (!row) return std::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

// The newest rows that fit, one more than a page: by walking those of a workspace or an object.
Status read_by_number(sql::Connection& connection, const AuditQuery& query,
                      const AuditNumbers& among, std::vector<AuditRow>& rows) {
  const Conditions conditions = conditions_of(query, among);
  sql::Statement select = connection.prepare(
      fmt::format("{}{} ORDER BY number DESC LIMIT ?", kSelect, conditions.sql()));
  select.bind(conditions.bind(select), query.limit + 1);
  return read_rows(select, rows);
}

constexpr std::int64_t kNoNumber = std::numeric_limits<std::int64_t>::max();

// Rows are in the order of their numbers, and nearly in that of their times, since clocks are set:
// the index of times tells between which numbers those of the query's time are, below `before`.
// The sign, again: the engine would look for the least number by walking them.
Result<AuditNumbers> numbers_of(sql::Connection& connection, const AuditQuery& query,
                                std::int64_t before) {
  AuditNumbers numbers{.from = 0, .to = before};
  if (query.from) {
    sql::Statement first =
        connection.prepare("SELECT coalesce(min(+number), ?) FROM audit WHERE at >= ?");
    first.bind(1, kNoNumber).bind(2, micros(*query.from));
    const auto from = single_integer(first);
    if (!from) return std::unexpected(from.error());
    numbers.from = from->value_or(kNoNumber);
  }
  if (query.to) {
    sql::Statement last =
        connection.prepare("SELECT coalesce(max(+number), 0) FROM audit WHERE at < ?");
    last.bind(1, micros(*query.to));
    const auto to = single_integer(last);
    if (!to) return std::unexpected(to.error());
    numbers.to = std::min(before, to->value_or(0) + 1);
  }
  return numbers;
}

// The newest rows that fit, one more than a page, of some actors or actions in a workspace.
Status read_by_line(sql::Connection& connection, const AuditQuery& query, AuditNumbers among,
                    std::vector<AuditRow>& rows) {
  const int count = query.limit + 1;
  Conditions conditions;
  conditions.add("number = ?", {0});
  if (query.from) conditions.add("at >= ?", {micros(*query.from)});
  if (query.to) conditions.add("at < ?", {micros(*query.to)});
  sql::Statement select = connection.prepare(fmt::format("{}{}", kSelect, conditions.sql()));
  while (std::ssize(rows) < count) {
    const auto numbers = newest_audit_numbers(connection, query, among, count);
    if (!numbers) return std::unexpected(numbers.error());
    for (const std::int64_t number : *numbers) {
      conditions.bind(select);
      if (Status read = read_rows(select.bind(1, number), rows); !read) return read;
      select.reset();
    }
    // Rows of another time are among them where the clock was set back: then there is a next round.
    if (std::ssize(*numbers) < count) break;
    among.to = numbers->back();
  }
  return {};
}

}  // namespace

Result<AuditRow> append_audit(sql::Connection& connection, const AuditEntry& entry) {
  const Result<Head> head = read_head(connection);
  if (!head) return std::unexpected(head.error());
  AuditRow row{.number = head->number + 1, .entry = entry, .previous_hash = head->hash};
  row.hash = hash_of(row);
  Status stored = connection
                      .prepare(
                          "INSERT INTO audit (number, at, actor, action, object, before, after, "
                          "from_address, workspace_id, previous_hash, hash) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                      .bind(1, row.number)
                      .bind(2, micros(entry.at))
                      .bind(3, entry.actor)
                      .bind(4, entry.action)
                      .bind(5, entry.object)
                      .bind(6, entry.before)
                      .bind(7, entry.after)
                      .bind(8, entry.from_address)
                      .bind(9, entry.workspace.get())
                      .bind_blob(10, row.previous_hash)
                      .bind_blob(11, row.hash)
                      .run();
  if (stored) {
    stored = connection.prepare("UPDATE audit_head SET number = ?, hash = ? WHERE one = 1")
                 .bind(1, row.number)
                 .bind_blob(2, row.hash)
                 .run();
  }
  if (!stored) return std::unexpected(stored.error());
  return row;
}

Result<AuditPage> list_audit(sql::Connection& connection, const AuditQuery& query) {
  if (query.limit < 1 || query.limit > kPageRowsMax) {
    return bad_param("limit", fmt::format("limit must be 1 to {}.", kPageRowsMax));
  }
  const Result<std::int64_t> before = before_number(query.cursor);
  if (!before) return std::unexpected(before.error());
  const bool by_line =
      query.workspace && query.object.empty() && (!query.action.empty() || !query.actors.empty());
  std::vector<AuditRow> rows;
  const Result<AuditNumbers> among = numbers_of(connection, query, *before);
  if (!among) return std::unexpected(among.error());
  Status read = by_line ? read_by_line(connection, query, *among, rows)
                        : read_by_number(connection, query, *among, rows);
  if (!read) return std::unexpected(read.error());
  AuditPage page{.rows = std::move(rows), .next_cursor = {}};
  if (std::ssize(page.rows) > query.limit) {
    page.rows.resize(static_cast<std::size_t>(query.limit));
    page.next_cursor = std::to_string(page.rows.back().number);
  }
  return page;
}

Result<std::optional<AuditVerdict>> verify_audit(sql::Connection& connection, AuditWalk& walk,
                                                 int rows_max) {
  const Result<Head> head = read_head(connection);
  if (!head) return std::unexpected(head.error());
  const auto bad = [&walk](std::int64_t number, std::string problem) {
    return AuditVerdict{.rows = walk.rows, .first_bad = number, .problem = std::move(problem)};
  };
  // Nothing may stand before row one either.
  const std::int64_t after = walk.rows > 0 ? walk.rows : std::numeric_limits<std::int64_t>::min();
  sql::Statement select =
      connection.prepare(std::string(kSelect) + "WHERE number > ? ORDER BY number LIMIT ?");
  select.bind(1, after).bind(2, rows_max);
  int walked = 0;
  Result<bool> more = select.step();
  for (; more && *more; more = select.step(), ++walked) {
    const std::int64_t expected = walk.rows + 1;
    const Result<AuditRow> row = read_row(select);
    if (!row && row.error().code != ErrorCode::kInternal) return std::unexpected(row.error());
    if (!row) return bad(expected, "the row cannot be read");
    if (row->number != expected) return bad(expected, "the row is missing");
    if (row->previous_hash != walk.hash)
      return bad(expected, "the row does not follow its forerunner");
    if (row->hash != hash_of(*row)) return bad(expected, "the row was edited");
    walk = {.rows = expected, .hash = row->hash};
  }
  if (!more) return std::unexpected(more.error());
  if (walked == rows_max) return std::nullopt;
  if (head->number > walk.rows) return bad(walk.rows + 1, "the row is missing");
  if (head->number < walk.rows) return bad(head->number + 1, "the row was added by someone else");
  if (head->hash != walk.hash) return bad(walk.rows, "the row was replaced");
  return AuditVerdict{.rows = walk.rows};
}

Result<AuditVerdict> verify_audit(sql::Connection& connection) {
  AuditWalk walk;
  for (;;) {
    auto verdict = verify_audit(connection, walk, kPageRowsMax);
    if (!verdict) return std::unexpected(verdict.error());
    if (*verdict) return std::move(**verdict);
  }
}

}  // namespace tollgate::store
