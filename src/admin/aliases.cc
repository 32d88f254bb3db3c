#include "admin/aliases.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/catalogue_changes.h"
#include "admin/catalogue_json.h"
#include "admin/json_fields.h"
#include "admin/request_body.h"
#include "base/json.h"
#include "domain/model_id.h"
#include "store/catalogue.h"

namespace tollgate {

namespace {

std::string render_alias(const std::string& alias, const std::string& target,
                         const Catalogue& file) {
  return JsonFields()
      .text("alias", alias)
      .text("target", target)
      .text("source", file.aliases.contains(alias) ? "file" : "api")
      .finish();
}

Status check_changeable(const AdminCall& call) {
  if (call.context.catalogue.file()->aliases.contains(call.id)) {
    return managed_by_file(fmt::format("Alias {}", call.id));
  }
  return {};
}

std::unexpected<Error> refuse(std::string param, std::string what) {
  return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                               .message = fmt::format("Correct the request: `{}` {}.", param, what),
                               .param = param});
}

// What {"target": …} asks the alias to stand for. A model that nobody offers may be meant: it is
// found as soon as somebody does.
Result<std::string> parse_target(const AdminCall& call, std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  const auto target = reader.string("target");
  if (!target && !reader.has("target")) reader.problem("target", "is missing: the model it means");
  if (target) {
    if (auto wrong = alias_target_problem(*target)) reader.problem("target", std::move(*wrong));
  }
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  const std::shared_ptr<const Snapshot> snapshot = call.context.snapshot();
  if (auto wrong = alias_problem(call.id)) return refuse("alias", std::move(*wrong));
  const Model* const model = snapshot->find(call.id);
  if (model != nullptr && model->id.get() == call.id) {
    return refuse("alias", "is the id of a model");
  }
  if (snapshot->aliases().contains(*target)) return refuse("target", "is an alias itself");
  return *target;
}

Result<std::optional<std::string>> target_before(sql::Connection& connection,
                                                 const std::string& alias) {
  Result<store::SealedCatalogue> stored = store::load_catalogue(connection);
  if (!stored) return std::unexpected(stored.error());
  const auto found = stored->catalogue.aliases.find(alias);
  if (found == stored->catalogue.aliases.end()) return std::optional<std::string>();
  return std::optional(found->second);
}

std::optional<std::string> audit_text(const std::optional<std::string>& target) {
  if (!target) return std::nullopt;
  return JsonFields().text("target", *target).finish();
}

}  // namespace

Task<Result<net::Response>> list_aliases(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) co_return std::unexpected(limit.error());
  const std::string cursor = call.query.take("cursor").value_or("");
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const std::shared_ptr<const Snapshot> snapshot = call.context.snapshot();
  const std::shared_ptr<const Catalogue> file = call.context.catalogue.file();
  std::vector<std::string> ids;
  for (const auto& [alias, target] : snapshot->aliases()) ids.push_back(alias);
  const auto range = page_range(ids, cursor, *limit);
  if (!range) co_return std::unexpected(range.error());
  std::vector<std::string> rows;
  for (std::size_t i = range->first; i < range->end; ++i) {
    rows.push_back(render_alias(ids[i], snapshot->aliases().find(ids[i])->second, *file));
  }
  co_return json_answer(page_json(rows, range->next_cursor));
}

Task<Result<net::Response>> put_alias(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  if (auto free = check_changeable(call); !free) co_return std::unexpected(free.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const auto target = parse_target(call, *body);
  if (!target) co_return std::unexpected(target.error());
  CatalogueChange<int> change =
      [by = call.by, alias = call.id, target = *target,
       now = call.context.clock.wall()](sql::Connection& connection) -> Result<int> {
    const auto before = target_before(connection, alias);
    if (!before) return std::unexpected(before.error());
    Status done = store::put_alias(connection, alias, target);
    if (done) {
      done = audit_change(connection, by,
                          {.action = *before ? "alias.update" : "alias.create",
                           .object = alias,
                           .before = audit_text(*before),
                           .after = audit_text(target)},
                          now);
    }
    if (!done) return std::unexpected(done.error());
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return json_answer(render_alias(call.id, *target, *call.context.catalogue.file()));
}

Task<Result<net::Response>> remove_alias(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  if (auto free = check_changeable(call); !free) co_return std::unexpected(free.error());
  CatalogueChange<int> change = [by = call.by, alias = call.id, now = call.context.clock.wall()](
                                    sql::Connection& connection) -> Result<int> {
    const auto before = target_before(connection, alias);
    if (!before) return std::unexpected(before.error());
    Status done = store::remove_alias(connection, alias);
    if (done) {
      done = audit_change(
          connection, by,
          {.action = "alias.delete", .object = alias, .before = audit_text(*before)}, now);
    }
    if (!done) return std::unexpected(done.error());
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return deleted_answer(call.id);
}

}  // namespace tollgate
