#include "base/check.h"

#include <fmt/format.h>

namespace tollgate {

void bug(std::string_view what, std::source_location where) {
  throw Bug(fmt::format("{} ({}:{})", what, where.file_name(), where.line()));
}

}  // namespace tollgate
