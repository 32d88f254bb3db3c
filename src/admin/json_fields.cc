#include "admin/json_fields.h"

namespace tollgate {

std::string page_json(const std::vector<std::string>& rows, std::string_view next_cursor) {
  return JsonFields()
      .raw("data", json_array(rows))
      .text_or_null("next_cursor", next_cursor)
      .finish();
}

}  // namespace tollgate
