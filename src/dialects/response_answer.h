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
#include "dialects/json_tree.h"
#include "dialects/reported_usage.h"

namespace tollgate {

struct ResponseAnswer {
  std::string id;                        // unescaped; empty where it has none
  std::optional<ByteRange> model_value;  // top-level, with its quotes
  ReportedUsage usage;
  ContentCount content;  // one delta per item with text
};

// kProviderError unless the body is one valid JSON object that has `output`, an array of objects,
// and neither an `error` nor a status of failed or cancelled. A broken `usage` is no error: see
// ReportedUsage. A repeated `model`, `output` or `usage` is kProviderError.
Result<ResponseAnswer> read_response_answer(std::string_view body);

// The answer as its client sees it: `model` is the public id of what served.
std::string client_answer(std::string_view body, const ResponseAnswer& answer,
                          std::string_view public_model);

// An event. Views and nodes are good as long as the tree and the payload are.
struct ResponseEvent {
  std::string type;                    // e.g. "response.output_text.delta"
  std::optional<std::int64_t> number;  // sequence_number
  bool ends = false;                   // response.completed or response.incomplete
  bool fails = false;                  // response.failed, or an error
  ContentCount content;                // of a piece of text
  JsonNode root;
  JsonNode response;  // none where the event says none
  ReportedUsage usage;
};

// Parses into `tree`. kProviderError for what is no JSON object with a plain `type`.
Result<ResponseEvent> read_response_event(std::string_view payload, JsonTree& tree);

}  // namespace tollgate
