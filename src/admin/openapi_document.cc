#include "admin/openapi_document.h"

// cmake/embed.cmake makes these of the file.
extern "C" {
extern const char tollgate_openapi_begin[];
extern const char tollgate_openapi_end[];
}

namespace tollgate {

std::string_view openapi_document() {
  return {tollgate_openapi_begin,
          static_cast<std::size_t>(tollgate_openapi_end - tollgate_openapi_begin)};
}

}  // namespace tollgate
