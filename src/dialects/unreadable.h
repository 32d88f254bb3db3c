// What a provider said cannot be read: the error that all readers of answers and of streams give.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace tollgate {

// `detail` is for the log: "usage stands twice".
inline std::unexpected<Error> unreadable_answer(std::string detail) {
  return fail(ErrorCode::kProviderError,
              "The provider sent an answer that could not be read. Try again, or choose another "
              "model.",
              std::move(detail));
}

inline std::unexpected<Error> unreadable_stream(std::string detail) {
  return fail(ErrorCode::kProviderError,
              "The provider's stream could not be read. Try again, or choose another model.",
              std::move(detail));
}

}  // namespace tollgate
