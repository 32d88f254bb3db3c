#include "config/file_check.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tollgate::config {

Status check_readable(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    return fail(ErrorCode::kInvalidRequest, "is a directory, not a file");
  }
  errno = 0;
  const std::ifstream stream(path, std::ios::binary);
  if (stream) return {};
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("this file cannot be read: {}", std::strerror(errno == 0 ? EIO : errno)));
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  if (auto readable = check_readable(path); !readable) return std::unexpected(readable.error());
  std::ifstream stream(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) return fail(ErrorCode::kInvalidRequest, "this file cannot be read");
  if (text.size() > bytes_max) {
    return fail(ErrorCode::kInvalidRequest, fmt::format("is longer than {} bytes", bytes_max));
  }
  return text;
}

}  // namespace tollgate::config
