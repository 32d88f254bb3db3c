// SeenMembers: refuses the second of a member that policy reads. Two of one name are read
// differently by different parsers, so that what we checked might not be what the provider does.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/error.h"

namespace tollgate {

class SeenMembers {
 public:
  // False for the second time. REQUIRES: index < 32.
  bool first(unsigned index) {
    const unsigned bit = 1U << index;
    const bool fresh = (bits_ & bit) == 0;
    bits_ |= bit;
    return fresh;
  }
  bool has(unsigned index) const { return (bits_ & (1U << index)) != 0; }

 private:
  unsigned bits_ = 0;
};

inline std::unexpected<Error> repeated_member(std::string param) {
  return std::unexpected(
      Error{.code = ErrorCode::kInvalidRequest,
            .message = fmt::format("'{}' stands more than once. Send it once.", param),
            .param = param});
}

}  // namespace tollgate
