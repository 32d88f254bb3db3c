#include "store/audit_search.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "store/newest.h"

namespace tollgate::store {

namespace {

using Actor = std::optional<std::string>;  // nullopt: whoever

// "key.update" is one action, "key" every one of keys.
bool fits(std::string_view action, std::string_view wanted) {
  if (wanted.empty() || wanted.contains('.')) return wanted.empty() || action == wanted;
  return action.starts_with(wanted) && action.substr(wanted.size()).starts_with('.');
}

// The actions that fit, of an actor or of all: one look-up leads from each to the next.
Result<std::vector<std::string>> actions_of(sql::Connection& connection, const AuditQuery& query,
                                            const Actor& actor) {
  sql::Statement next = connection.prepare(
      actor ? "SELECT action FROM audit WHERE workspace_id = ? AND action > ? AND actor = ? "
              "ORDER BY action LIMIT 1"
            : "SELECT action FROM audit WHERE workspace_id = ? AND action > ? "
              "ORDER BY action LIMIT 1");
  next.bind(1, query.workspace->get()).bind(2, "");
  if (actor) next.bind(3, *actor);
  std::vector<std::string> actions;
  Result<bool> more = next.step();
  while (more && *more) {
    std::string action(next.text(0));
    if (Status read = next.status(); !read) return std::unexpected(read.error());
    next.reset();
    more = next.bind(2, action).step();
    if (fits(action, query.action)) actions.push_back(std::move(action));
  }
  if (!more) return std::unexpected(more.error());
  return actions;
}

Status add_of(sql::Connection& connection, const AuditQuery& query, const Actor& actor,
              const AuditNumbers& among, int count, Newest& newest) {
  const auto actions = actions_of(connection, query, actor);
  if (!actions) return std::unexpected(actions.error());
  sql::Statement select = connection.prepare(
      actor ? "SELECT number FROM audit WHERE workspace_id = ? AND action = ? AND number >= ? AND "
              "number < ? AND actor = ? ORDER BY number DESC LIMIT ?"
            : "SELECT number FROM audit WHERE workspace_id = ? AND action = ? AND number >= ? AND "
              "number < ? ORDER BY number DESC LIMIT ?");
  for (const std::string& action : *actions) {
    select.bind(1, query.workspace->get())
        .bind(2, action)
        .bind(3, newest.least(among.from))
        .bind(4, among.to);
    if (actor) select.bind(5, *actor);
    select.bind(actor ? 6 : 5, count);
    if (Status added = newest.add_all(select); !added) return added;
    select.reset();
  }
  return {};
}

}  // namespace

Result<std::vector<std::int64_t>> newest_audit_numbers(sql::Connection& connection,
                                                       const AuditQuery& query,
                                                       const AuditNumbers& among, int count) {
  Newest newest(count);
  std::set<Actor> actors(query.actors.begin(), query.actors.end());
  if (actors.empty()) actors.emplace(std::nullopt);
  for (const Actor& actor : actors) {
    Status added = add_of(connection, query, actor, among, count, newest);
    if (!added) return std::unexpected(added.error());
  }
  return newest.take();
}

}  // namespace tollgate::store
