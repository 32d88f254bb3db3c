// Reads what a provider that serves OpenAI's Responses API itself answers
// (platform.openai.com/docs/api-reference/responses/object): a whole, non-streamed response, and
// one event of a streamed one. Pure; called by gateway/, on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/byte_range.h"
#include "dialects/json_cursor.h"
#include "dialects/json_tree.h"
#include "dialects/reported_usage.h"

namespace tollgate {

struct ResponseAnswer {
  std::string id;                        // unescaped; empty where it has none
  std::optional<ByteRange> model_value;  // top-level, with its quotes
  ReportedUsage usage;
  ContentCount content;  // one delta per item with text
  // kProviderError where it says an `error`, a status of failed or cancelled, or no `output`. It
  // may have cost all the same.
  std::optional<Error> failure;
};

// kProviderError unless the body is one valid JSON object whose `output`, if there, is an array of
// objects. A broken `usage` is no error: see ReportedUsage. A repeated `model`, `output` or `usage`
// is kProviderError.
Result<ResponseAnswer> read_response_answer(std::string_view body);

// The bytes of text in an item of the output, a part of one, or an array of either: what is said,
// refused, thought, or passed to a tool. Consumes one value.
std::int64_t response_text_bytes(JsonCursor& cursor);

// The answer as its client sees it: `model` is the public id of what served. REQUIRES: no failure.
std::string client_answer(std::string_view body, const ResponseAnswer& answer,
                          std::string_view public_model);

// An event. Views and nodes are good as long as the tree and the payload are.
struct ResponseEvent {
  std::string type;                    // e.g. "response.output_text.delta"
  std::optional<std::int64_t> number;  // sequence_number, if it can be one
  bool ends = false;                   // response.completed or response.incomplete
  bool fails = false;                  // response.failed, or an error
  std::int64_t delta_bytes = 0;        // of a piece of text
  JsonNode root;
  JsonNode response;  // none where the event says none
  ReportedUsage usage;
};

// Parses into `tree`. kProviderError for what is no JSON object with a plain `type`.
Result<ResponseEvent> read_response_event(std::string_view payload, JsonTree& tree);

}  // namespace tollgate
