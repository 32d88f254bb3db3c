// The refusal of a request that cannot be said in the dialect of the provider that would serve it,
// where leaving it out would change what is asked.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/json_tree.h"

namespace tollgate {

// `why` is a clause: "it gives one answer to a request".
inline std::unexpected<Error> untranslatable(std::string param, std::string_view why) {
  return std::unexpected(Error{
      .code = ErrorCode::kInvalidRequest,
      .message = fmt::format("'{}' cannot be sent to this model's provider: {}. Change it, or "
                             "choose another model.",
                             param, why),
      .param = param});
}

// The request as a tree.
inline Status parse_to_translate(JsonTree& tree, std::string_view body) {
  if (tree.parse(body)) return {};
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("The request body cannot be translated: {}.", tree.problem()));
}

}  // namespace tollgate
