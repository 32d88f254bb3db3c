#include "store/last_generation.h"

#include <optional>

namespace tollgate::store {

Result<GenerationNumber> last_generation(sql::Connection& connection) {
  sql::Statement last = connection.prepare("SELECT MAX(id) FROM usage");
  Result<bool> row = last.step();
  if (!row) return std::unexpected(row.error());
  const std::optional<std::int64_t> number = last.optional_integer(0);
  if (Status status = last.status(); !status) return std::unexpected(status.error());
  return number.value_or(0);
}

}  // namespace tollgate::store
