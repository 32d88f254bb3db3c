// ByteRange: where something stands in a body, so that it can be replaced without re-serialising
// the rest (SPEC §7). Offsets, not pointers: they stay true when the buffer moves.
#pragma once

#include <cstddef>
#include <string_view>

namespace tollgate {

struct ByteRange {
  std::size_t offset = 0;
  std::size_t length = 0;

  std::size_t end() const { return offset + length; }
  std::string_view in(std::string_view bytes) const { return bytes.substr(offset, length); }
  bool operator==(const ByteRange&) const = default;
};

}  // namespace tollgate
