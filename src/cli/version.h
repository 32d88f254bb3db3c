// The version of this program, as `tollgate version` prints it. CMakeLists.txt says the same.
#pragma once

#include <string_view>

namespace tollgate {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tollgate
