// Reads what a provider answers to a request that is no conversation, and what it says it used:
// whole, or as the events of a stream. Pure; called by gateway/, on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/byte_range.h"
#include "dialects/chat_request.h"
#include "dialects/reported_usage.h"

namespace tollgate {

// What was used, in whatever unit it is said in. Of tokens: prompt_tokens or input_tokens, and
// completion_tokens or output_tokens, with the details that OpenAI gives; total_tokens alone is
// input. Of time: {"type": "duration", "seconds"}, or a transcript's own `duration`, rounded up.
struct UnitUsage {
  ReportedUsage tokens;
  std::optional<std::int64_t> audio_ms;
};

struct UnitAnswer {
  std::optional<ByteRange> model_value;  // top-level, with its quotes
  UnitUsage usage;
  ContentCount content;                  // of a transcript
  std::int64_t images = 0;               // made
  std::optional<std::int64_t> searches;  // a rerank's, as it is billed
};

// kProviderError unless the body is one valid JSON object with the member that the kind's answers
// have (`data`, `results`, `text`) and no `error`. Where text was asked for (AnswerForm::kText),
// a body that is no JSON object is taken as the text.
Result<UnitAnswer> read_unit_answer(const ChatRequest& request, std::string_view body);

// The answer as the client sees it: `model`, where it stands, is the public id of what served.
std::string client_unit_answer(std::string_view body, const UnitAnswer& answer,
                               std::string_view public_model);

// One event of a stream, by its data.
struct UnitEvent {
  UnitUsage usage;
  ContentCount content;  // what `delta` adds
  bool last = false;     // [DONE], or a type that ends in .done or .completed
  bool error = false;
};
// kProviderError for what is neither [DONE] nor a JSON object.
Result<UnitEvent> read_unit_event(std::string_view data);

// `member` is `"usage": {…}`; nullopt unless it is whole.
std::optional<ReportedUsage> read_unit_usage_member(std::string_view member);

}  // namespace tollgate
