#include "store/last_generation.h"

namespace tollgate::store {

Result<GenerationNumber> last_generation(sql::Connection& connection) {
  sql::Statement last = connection.prepare(
      "SELECT MAX(mark, COALESCE((SELECT MAX(id) FROM usage), 0)) FROM usage_index");
  Result<bool> row = last.step();
  if (!row) return std::unexpected(row.error());
  const GenerationNumber number = last.integer(0);
  if (Status status = last.status(); !status) return std::unexpected(status.error());
  return number;
}

}  // namespace tollgate::store
