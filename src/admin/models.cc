#include "admin/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/catalogue_changes.h"
#include "admin/catalogue_json.h"
#include "admin/json_fields.h"
#include "admin/request_body.h"
#include "domain/built_in_catalogue.h"
#include "domain/model_facts_json.h"
#include "domain/model_id.h"
#include "store/catalogue.h"

namespace tollgate {

namespace {

// What was stated of a model over the API; nothing but its id where nothing was.
Result<ModelFacts> stated_facts(sql::Connection& connection, const ModelId& id) {
  Result<store::SealedCatalogue> stored = store::load_catalogue(connection);
  if (!stored) return std::unexpected(stored.error());
  const auto found = std::ranges::find(stored->catalogue.models, id, &ModelFacts::id);
  if (found != stored->catalogue.models.end()) return std::move(*found);
  ModelFacts none;
  none.id = id;
  none.source = "api";
  return none;
}

// A model of the snapshot by exactly this id.
const Model* model_of(const Snapshot& snapshot, const std::string& id) {
  const Model* const model = snapshot.find(id);
  return model != nullptr && model->id.get() == id ? model : nullptr;
}

// A model that is offered here, or one that nobody offers but of which something is known.
Task<Result<net::Response>> answer_model(const AdminCall& call, ModelId id) {
  const std::shared_ptr<const Snapshot> snapshot = call.context.snapshot();
  if (const Model* const model = model_of(*snapshot, id.get())) {
    co_return json_answer(render_model(*model, call.by.role));
  }
  std::function<Result<ModelFacts>(sql::Connection&)> work = [id](sql::Connection& connection) {
    return stated_facts(connection, id);
  };
  Result<ModelFacts> facts = co_await call.context.ledger.read(std::move(work));
  if (!facts) co_return std::unexpected(facts.error());
  const ModelFacts* const built_in = built_in_catalogue().facts(id);
  ModelFacts none;
  none.id = id;
  none.source = "api";
  if (built_in == nullptr && *facts == none) {
    co_return fail(ErrorCode::kNotFound, "There is no such model: list them to find its id.");
  }
  if (built_in != nullptr) facts = *facts == none ? *built_in : layered_facts(*facts, *built_in);
  co_return json_answer(render_idle_model(*facts));
}

Status check_changeable(const AdminCall& call, const ModelId& id) {
  if (auto wrong = model_id_problem(id.get())) {
    return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                                 .message = "Correct the model's id: it " + *wrong + ".",
                                 .param = "id"});
  }
  const std::shared_ptr<const Catalogue> file = call.context.catalogue.file();
  const auto in_file = std::ranges::find(file->models, id, &ModelFacts::id);
  if (in_file == file->models.end()) return {};
  return managed_by_file(fmt::format("What is stated of the model {}", id.get()));
}

std::string audit_text(const ModelFacts& facts) { return json::serialize(facts_json(facts)); }

Status store_facts(sql::Connection& connection, const Principal& by, const ModelFacts& before,
                   const ModelFacts& after, WallTime now) {
  ModelFacts nothing;
  nothing.id = after.id;
  nothing.source = after.source;
  if (after == before) return {};
  Status done = after == nothing ? store::remove_facts(connection, after.id)
                                 : store::put_facts(connection, after);
  if (!done) return done;
  return audit_change(connection, by,
                      {.action = "model.update",
                       .object = after.id.get(),
                       .before = audit_text(before),
                       .after = audit_text(after)},
                      now);
}

enum class Edit { kReplace, kMerge };

Task<Result<net::Response>> change_facts(AdminCall& call, Edit how) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const ModelId id(call.id);
  if (auto free = check_changeable(call, id); !free) co_return std::unexpected(free.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto edit = parse_json(*body);
  if (!edit) co_return std::unexpected(edit.error());
  CatalogueChange<int> change =
      [by = call.by, id, how, edit = std::move(*edit),
       now = call.context.clock.wall()](sql::Connection& connection) -> Result<int> {
    const Result<ModelFacts> before = stated_facts(connection, id);
    if (!before) return std::unexpected(before.error());
    ModelFacts after;
    after.id = id;
    after.source = "api";
    if (how == Edit::kMerge) after = *before;
    ObjectReader reader(edit);
    read_facts(reader, after);
    if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
    if (Status done = store_facts(connection, by, *before, after, now); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return co_await answer_model(call, id);
}

}  // namespace

Task<Result<net::Response>> list_models(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) co_return std::unexpected(limit.error());
  const std::string cursor = call.query.take("cursor").value_or("");
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());

  const std::shared_ptr<const Snapshot> snapshot = call.context.snapshot();
  const std::vector<Model>& models = snapshot->models();
  std::vector<std::string> ids;
  ids.reserve(models.size());
  for (const auto& model : models) ids.push_back(model.id.get());
  const auto range = page_range(ids, cursor, *limit);
  if (!range) co_return std::unexpected(range.error());
  std::vector<std::string> rows;
  for (std::size_t i = range->first; i < range->end; ++i) {
    rows.push_back(render_model(models[i], call.by.role));
  }
  co_return json_answer(page_json(rows, range->next_cursor));
}

Task<Result<net::Response>> get_model(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  co_return co_await answer_model(call, ModelId(call.id));
}

Task<Result<net::Response>> replace_facts(AdminCall& call) {
  return change_facts(call, Edit::kReplace);
}

Task<Result<net::Response>> update_facts(AdminCall& call) {
  return change_facts(call, Edit::kMerge);
}

Task<Result<net::Response>> remove_facts(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const ModelId id(call.id);
  if (auto free = check_changeable(call, id); !free) co_return std::unexpected(free.error());
  CatalogueChange<int> change = [by = call.by, id, now = call.context.clock.wall()](
                                    sql::Connection& connection) -> Result<int> {
    const Result<ModelFacts> before = stated_facts(connection, id);
    if (!before) return std::unexpected(before.error());
    Status done = store::remove_facts(connection, id);
    if (done) {
      done = audit_change(
          connection, by,
          {.action = "model.reset", .object = id.get(), .before = audit_text(*before)}, now);
    }
    if (!done) return std::unexpected(done.error());
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return deleted_answer(id.get());
}

}  // namespace tollgate
