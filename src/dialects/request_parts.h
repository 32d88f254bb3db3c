// What a request's parts ask of the model: images, other media, tools, kinds of output. Read at the
// cursor, each consuming exactly one value, and noted in RequestNeeds (SPEC §5, rule 1).
//
// Nothing else is judged: what we do not know counts as the whole context window, and a tool that
// we do not know as one that the provider runs and bills. Refused is a repeated member that is read
// here, since a provider may read the other one, and a tool that chooses a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "dialects/json_cursor.h"
#include "domain/request_needs.h"

namespace tollgate {

// What the parts carry that is no text: taken off the body's bytes.
struct PartNeeds {
  RequestNeeds& needs;
  std::int64_t media_bytes = 0;
  std::string_view member = "messages";  // of the body, for the `param` of a refusal
};

// The `content` of message number `index`: null, a string, or parts.
Status read_message_content(JsonCursor& cursor, std::size_t index, PartNeeds& out);
// A member of a message that names what stands elsewhere, e.g. an earlier audio answer.
bool is_message_reference(const RawString& name);

// `tools`: of the types function and custom, which run at the client, or the provider's own, which
// are refused where they name a model: it would serve what the key's rules do not choose.
Status read_tools(JsonCursor& cursor, RequestNeeds& needs);
// `response_format`, or Anthropic's `output_config.format`: whether a JSON schema is asked for.
Status read_response_format(JsonCursor& cursor, std::string_view name, RequestNeeds& needs);
// `modalities`: the kinds of output asked for.
void read_modalities(JsonCursor& cursor, RequestNeeds& needs);
// Whether a value asks for anything: not null, not false, not an empty array. An empty object does:
// it is how a web search with its defaults is asked for.
bool skip_asking(JsonCursor& cursor);

}  // namespace tollgate
