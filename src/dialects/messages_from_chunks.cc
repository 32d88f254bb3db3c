#include "dialects/messages_from_chunks.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "dialects/message_events.h"
#include "dialects/openai_chunk.h"
#include "dialects/openai_parts.h"
#include "dialects/stop_reasons.h"
#include "dialects/unreadable.h"

namespace tollgate {
MessagesFromChunks::MessagesFromChunks(std::string_view public_model)
    : model_json_(json_string(public_model)) {}

Result<StreamFacts> MessagesFromChunks::read(std::string_view payload) {
  pending_.clear();
  const Result<OpenAiChunk> chunk = read_openai_chunk(payload);
  if (!chunk) return std::unexpected(chunk.error());
  StreamFacts facts{.done = chunk->done,
                    .error = chunk->error,
                    .finish_reason = chunk->finish_reason,
                    .content = chunk->content,
                    .usage = chunk->usage};
  if (facts.done || facts.error) return facts;
  if (!tree_.parse(payload)) return unreadable_stream(tree_.problem());
  if (!tree_.root()["choices"].is_array()) return unreadable_stream("no chunk: it has no choices");
  if (!read_.started) {
    read_.started = true;
    if (!chunk->id_json.empty()) id_json_ = chunk->id_json;
    append_message_start(pending_, id_json_, model_json_);
  }
  for (const JsonNode choice : tree_.root()["choices"]) {
    if (choice["index"].integer().value_or(0) != 0) continue;
    if (Status read = read_delta(choice["delta"]); !read) {
      return std::unexpected(std::move(read.error()));
    }
    const JsonNode reason = choice["finish_reason"];
    if (!reason.is_string()) continue;
    const std::string_view ending = stop_reason_for(reason.string());
    read_.ending = ending == "max_tokens" ? Ending::kMaxTokens
                   : ending == "tool_use" ? Ending::kToolUse
                   : ending == "refusal"  ? Ending::kRefusal
                                          : Ending::kEndTurn;
  }
  return facts;
}

Status MessagesFromChunks::read_delta(JsonNode delta) {
  std::string reasoning = raw_text_of(delta["reasoning_content"]);
  if (reasoning.empty()) reasoning = raw_text_of(delta["reasoning"]);
  add_text(Open::kThinking, reasoning);
  add_text(Open::kText, raw_text_of(delta["content"]));
  add_text(Open::kText, raw_text_of(delta["refusal"]));
  for (const JsonNode call : delta["tool_calls"]) {
    if (Status read = read_call(call); !read) return read;
  }
  return {};
}

void MessagesFromChunks::add_text(Open kind, std::string_view raw) {
  if (raw.empty()) return;
  if (read_.open != kind) {
    close();
    begin(kind);
    if (kind == Open::kText) {
      append_text_start(pending_, read_.next_block - 1);
    } else {
      append_thinking_start(pending_, read_.next_block - 1);
    }
  }
  if (kind == Open::kText) {
    append_text_delta(pending_, read_.next_block - 1, raw);
  } else {
    append_thinking_delta(pending_, read_.next_block - 1, raw);
  }
}

// A call without a place is the one at hand, or, with a name, the next.
Status MessagesFromChunks::read_call(JsonNode call) {
  const JsonNode function = call["function"];
  const bool named = function["name"].is_string() && !function["name"].string().text.empty();
  const bool at_hand = read_.open == Open::kTool;
  const std::int64_t place =
      call["index"].integer().value_or(named || !at_hand ? read_.tool + 1 : read_.tool);
  if (place < read_.tool || (place == read_.tool && !at_hand)) {
    return unreadable_stream("a piece of a tool call that has ended");
  }
  if (place != read_.tool) {
    if (!named) return unreadable_stream("a tool call that begins without a name");
    close();
    begin(Open::kTool);
    read_.tool = place;
    read_.any_tool = true;
    const JsonNode id = call["id"];
    const bool has_id = id.is_string() && !id.string().text.empty();
    append_tool_use_start(pending_, read_.next_block - 1,
                          has_id ? std::string(id.raw()) : fmt::format(R"("toolu_{}")", place),
                          function["name"].raw());
  }
  const std::string_view arguments = function["arguments"].string().text;
  if (!arguments.empty()) append_input_delta(pending_, read_.next_block - 1, arguments);
  return {};
}

void MessagesFromChunks::begin(Open kind) {
  read_.open = kind;
  ++read_.next_block;
}

void MessagesFromChunks::close() {
  if (read_.open != Open::kNothing) append_block_stop(pending_, read_.next_block - 1);
  read_.open = Open::kNothing;
}

void MessagesFromChunks::append(std::string& out) {
  out += pending_;
  seen_ = read_;
}

// Some providers say that they stopped where they call a tool.
std::string_view MessagesFromChunks::stop_reason(const Progress& progress) {
  switch (progress.ending) {
    case Ending::kMaxTokens:
      return "max_tokens";
    case Ending::kToolUse:
      return "tool_use";
    case Ending::kRefusal:
      return "refusal";
    default:
      return progress.any_tool ? "tool_use" : "end_turn";
  }
}

void MessagesFromChunks::append_ending(std::string& out, const StreamEnding& ending) {
  if (!seen_.started) append_message_start(out, id_json_, model_json_);
  if (seen_.open != Open::kNothing) append_block_stop(out, seen_.next_block - 1);
  append_message_delta(out, ending.end == StreamEnd::kBounded ? "max_tokens" : stop_reason(seen_),
                       ending.tokens, ending.cost);
  append_message_stop(out);
}

}  // namespace tollgate
