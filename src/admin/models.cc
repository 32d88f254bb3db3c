#include "admin/models.h"

#include <memory>
#include <string>
#include <vector>

#include "admin/catalogue_json.h"
#include "admin/json_fields.h"

namespace tollgate {

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

}  // namespace tollgate
