// The parts that OpenAI's answers and chunks have in common: usage and choices. Read at the cursor,
// each consuming exactly one value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dialects/json_cursor.h"
#include "dialects/json_tree.h"
#include "dialects/reported_usage.h"

namespace tollgate {

// `usage`: null is absent; anything but an object with sound figures is invalid, never an error.
ReportedUsage read_openai_usage(JsonCursor& cursor);

// The `usage` of a response, likewise: input_tokens and output_tokens, with their details.
ReportedUsage read_response_usage(JsonCursor& cursor);

struct Choices {
  bool well_formed = true;  // an array of objects
  std::int64_t count = 0;
  bool finish_reason = false;
  ContentCount content;  // one delta per choice with text
};

// `choices`: counts the text in `message`, `delta` and `text` of each.
Choices read_openai_choices(JsonCursor& cursor);

// `choices`: appends the index of each that has a finish_reason, 0 where it has no index.
void read_ended_choices(JsonCursor& cursor, std::vector<std::int64_t>& ended);

// The text of a `content`, a string or parts that have a `text`, raw: as it stands between quotes.
std::string raw_text_of(JsonNode content);

}  // namespace tollgate
