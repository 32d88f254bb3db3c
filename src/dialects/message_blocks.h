// What the content blocks and tools of Anthropic's Messages API ask of the model, noted in
// RequestNeeds. Read at the cursor, each consuming exactly one value; leaves of
// messages_request.cc, as request_parts.h is for OpenAI's dialect.
//
// Shapes: platform.claude.com/docs/en/api/messages (content blocks, tools).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/json_cursor.h"
#include "dialects/request_parts.h"

namespace tollgate {

// Where something stands in a request, for the `param` of an error: "messages[2].content[0]".
// Links to what is around it, so that no text is made unless something is wrong.
struct RequestPlace {
  const RequestPlace* around = nullptr;
  std::string_view member;                // of an object; empty for an element
  std::optional<std::size_t> index = {};  // of an array

  std::string text() const;
};

// A string, or an array of blocks. kInvalidMessageFormat for anything else.
Status read_blocks(JsonCursor& cursor, const RequestPlace& place, PartNeeds& out);

// `tools`.
Status read_anthropic_tools(JsonCursor& cursor, RequestNeeds& needs);

}  // namespace tollgate
