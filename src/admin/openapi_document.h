// api/openapi.yaml, built into the binary: what GET /openapi.yaml answers.
#pragma once

#include <string_view>

namespace tollgate {

inline constexpr std::string_view kOpenApiContentType = "application/yaml";

std::string_view openapi_document();

}  // namespace tollgate
