#include "dialects/chunks_from_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "dialects/completion_from_message.h"
#include "dialects/stop_reasons.h"

namespace tollgate {
namespace {

constexpr std::string_view kRole = R"({"role":"assistant","content":""})";

std::string delta_of(std::string_view member, std::string_view raw) {
  return fmt::format(R"({{"{}":"{}"}})", member, raw);
}

}  // namespace

ChunksFromMessages::ChunksFromMessages(const ToChunks& to)
    : wish_(to.usage), created_(to.created), model_json_(json_string(to.public_model)) {}

Result<StreamFacts> ChunksFromMessages::read(std::string_view payload) {
  payload_ = payload;
  Result<StreamFacts> facts = reader_.read(payload);
  // Whatever the reader takes is a document; only of too many values is none.
  if (facts && !tree_.parse(payload)) {
    return fail(ErrorCode::kProviderError,
                "The provider's stream could not be read. Try again, or choose another model.",
                tree_.problem());
  }
  return facts;
}

void ChunksFromMessages::append_chunk(std::string& out, std::string_view delta_json,
                                      std::string_view finish_json) const {
  fmt::format_to(std::back_inserter(out),
                 R"(data: {{"id":{},"object":"chat.completion.chunk","created":{},"model":{},)"
                 R"("choices":[{{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}}]}})"
                 "\n\n",
                 id_json_, created_, model_json_, delta_json, finish_json);
}

void ChunksFromMessages::append(std::string& out) {
  const AnthropicEvent& event = reader_.event();
  const JsonNode root = tree_.root();
  switch (event.type) {
    case AnthropicEventType::kMessageStart:
      if (root["message"]["id"].is_string()) id_json_ = root["message"]["id"].raw();
      append_chunk(out, kRole);
      relayed_ = true;
      break;
    case AnthropicEventType::kBlockStart:
      begin_block(out, event.index, root["content_block"]);
      break;
    case AnthropicEventType::kBlockDelta:
      continue_block(out, event.index, root["delta"]);
      break;
    case AnthropicEventType::kBlockStop:
      end_block(out, event.index);
      break;
    case AnthropicEventType::kMessageDelta: {
      const JsonNode reason = root["delta"]["stop_reason"];
      if (finished_ || !reason.is_string()) break;
      finished_ = true;
      append_chunk(out, "{}", json_string(finish_reason_for(reason.string())));
      break;
    }
    default:
      break;
  }
}

void ChunksFromMessages::begin_block(std::string& out, std::int64_t index, JsonNode block) {
  const JsonNode type = block["type"];
  Block begun;
  begun.index = index;
  if (type.is("text")) {
    begun.kind = BlockKind::kText;
    const RawString text = block["text"].string();
    if (!text.text.empty()) append_chunk(out, delta_of("content", text.text));
  } else if (type.is("thinking")) {
    begun.kind = BlockKind::kThinking;
    begun.place = thoughts_++;
    add_thinking(out, begun, block["thinking"]);
    keep(begun.signature, block["signature"].string().text);
  } else if (type.is("redacted_thinking")) {
    append_chunk(out, fmt::format(R"({{"thinking_blocks":[{{"index":{},)"
                                  R"("type":"redacted_thinking","data":"{}"}}]}})",
                                  thoughts_++, block["data"].string().text));
  } else if (type.is("tool_use")) {
    begun.kind = BlockKind::kTool;
    begun.place = tools_++;
    if (block["input"].is_object()) keep(begun.input, block["input"].raw());
    append_chunk(out,
                 fmt::format(R"({{"tool_calls":[{{"index":{},"id":"{}","type":"function",)"
                             R"("function":{{"name":"{}","arguments":""}}}}]}})",
                             begun.place, block["id"].string().text, block["name"].string().text));
  }
  open_.push_back(std::move(begun));
}

void ChunksFromMessages::continue_block(std::string& out, std::int64_t index, JsonNode delta) {
  const auto block = std::ranges::find(open_, index, &Block::index);
  if (block == open_.end()) return;
  const RawString text = delta["text"].string();
  switch (block->kind) {
    case BlockKind::kText:
      if (!text.text.empty()) append_chunk(out, delta_of("content", text.text));
      break;
    case BlockKind::kThinking:
      add_thinking(out, *block, delta["thinking"]);
      if (delta["signature"].is_string()) {  // it comes whole
        block->signature.clear();
        keep(block->signature, delta["signature"].string().text);
      }
      break;
    case BlockKind::kTool:
      append_arguments(out, *block, delta["partial_json"].string().text);
      break;
    case BlockKind::kOther:
      break;
  }
}

void ChunksFromMessages::add_thinking(std::string& out, Block& block, JsonNode text) {
  const std::string_view raw = text.string().text;
  if (raw.empty()) return;
  append_chunk(out, delta_of("reasoning_content", raw));
  keep(block.thinking, raw);
}

void ChunksFromMessages::keep(std::string& what, std::string_view raw) {
  kept_bytes_ += raw.size();
  if (kept_bytes_ <= kKeptBytesMax) what += raw;
}

void ChunksFromMessages::append_arguments(std::string& out, Block& block, std::string_view raw) {
  if (raw.empty()) return;
  block.has_arguments = true;
  append_chunk(out,
               fmt::format(R"({{"tool_calls":[{{"index":{},"function":{{"arguments":"{}"}}}}]}})",
                           block.place, raw));
}

void ChunksFromMessages::end_block(std::string& out, std::int64_t index) {
  const auto block = std::ranges::find(open_, index, &Block::index);
  if (block == open_.end()) return;
  if (block->kind == BlockKind::kTool && !block->has_arguments) {
    const std::string input = json_string(block->input.empty() ? "{}" : block->input);
    append_arguments(out, *block, std::string_view(input).substr(1, input.size() - 2));
  }
  const bool whole = kept_bytes_ <= kKeptBytesMax;
  if (block->kind == BlockKind::kThinking && whole && !block->signature.empty()) {
    append_chunk(out, fmt::format(R"({{"thinking_blocks":[{{"index":{},"type":"thinking",)"
                                  R"("thinking":"{}","signature":"{}"}}]}})",
                                  block->place, block->thinking, block->signature));
  }
  open_.erase(block);
}

void ChunksFromMessages::append_ending(std::string& out, const StreamEnding& ending) {
  const bool bounded = ending.end == StreamEnd::kBounded;
  if (!relayed_ || !finished_) {
    append_chunk(out, relayed_ ? "{}" : kRole, bounded ? R"("length")" : R"("stop")");
  }
  if (wish_ == UsageWish::kAsked) {
    fmt::format_to(std::back_inserter(out),
                   R"(data: {{"id":{},"object":"chat.completion.chunk","created":{},"model":{},)"
                   R"("choices":[],"usage":)",
                   id_json_, created_, model_json_);
    append_openai_usage(out, ending.tokens, ending.cost);
    out += "}\n\n";
  }
  out += "data: [DONE]\n\n";
}

}  // namespace tollgate
