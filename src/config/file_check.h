// Whether a file that the settings name can be read, so that a typing error shows at start and in
// `config check`, not at the first handshake.
#pragma once

#include <string>

#include "base/error.h"

namespace tollgate::config {

// kInvalidRequest unless `path` is a regular file this process can open. Never repeats the path.
Status check_readable(const std::string& path);

// The whole file; kInvalidRequest when it cannot be read or is longer than `bytes_max`.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace tollgate::config
