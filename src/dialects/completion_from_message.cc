#include "dialects/completion_from_message.h"

#include <fmt/format.h>

#include <iterator>

#include "dialects/json_members.h"
#include "dialects/json_tree.h"
#include "dialects/stop_reasons.h"

namespace tollgate {
namespace {

bool is_thinking(JsonNode block) {
  return block["type"].is("thinking") || block["type"].is("redacted_thinking");
}

// The strings called `name` of all blocks of a type, one behind the other.
std::string joined(JsonNode content, std::string_view type, std::string_view name) {
  std::string raw;
  for (const JsonNode block : content) {
    if (block["type"].is(type)) raw += block[name].string().text;
  }
  return raw;
}

void append_tool_calls(std::string& out, JsonNode content) {
  out += '[';
  JsonElements calls(out);
  for (const JsonNode block : content) {
    if (!block["type"].is("tool_use")) continue;
    const JsonNode input = block["input"];
    JsonMembers call(calls.next());
    call.raw_text("id", block["id"].string().text);
    call.json("type", R"("function")");
    JsonMembers function(call.name("function"));
    function.raw_text("name", block["name"].string().text);
    function.text("arguments", input.is_object() ? input.raw() : "{}");
    function.close();
    call.close();
  }
  out += ']';
}

bool any_of_type(JsonNode content, std::string_view type) {
  for (const JsonNode block : content) {
    if (block["type"].is(type)) return true;
  }
  return false;
}

void append_message(std::string& out, JsonNode content) {
  const bool calls = any_of_type(content, "tool_use");
  JsonMembers message(out);
  message.json("role", R"("assistant")");
  if (calls && !any_of_type(content, "text")) {
    message.json("content", "null");
  } else {
    message.raw_text("content", joined(content, "text", "text"));
  }
  message.json("refusal", "null");
  if (const std::string thinking = joined(content, "thinking", "thinking"); !thinking.empty()) {
    message.raw_text("reasoning_content", thinking);
  }
  if (any_of_type(content, "thinking") || any_of_type(content, "redacted_thinking")) {
    std::string& blocks_out = message.name("thinking_blocks") += '[';
    JsonElements blocks(blocks_out);
    for (const JsonNode block : content) {
      if (is_thinking(block)) blocks.next() += block.raw();
    }
    blocks_out += ']';
  }
  if (calls) append_tool_calls(message.name("tool_calls"), content);
  message.close();
}

}  // namespace

void append_openai_usage(std::string& out, const TokenUsage& tokens, std::string_view cost) {
  JsonMembers usage(out);
  if (!cost.empty()) usage.text("cost", cost);
  const std::int64_t written = tokens.cache_write + tokens.cache_write_1h;
  fmt::format_to(
      std::back_inserter(usage.name("prompt_tokens")),
      R"({},"completion_tokens":{},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":{})",
      tokens.input, tokens.output, tokens.input + tokens.output, tokens.cached_input);
  if (written > 0) fmt::format_to(std::back_inserter(out), R"(,"cache_write_tokens":{})", written);
  fmt::format_to(std::back_inserter(out),
                 R"(}},"completion_tokens_details":{{"reasoning_tokens":{}}})",
                 tokens.reasoning_output);
  usage.close();
}

Result<std::string> completion_from_message(std::string_view body, const ToCompletion& to) {
  JsonTree tree;
  const bool parsed = tree.parse(body);
  const JsonNode content = tree.root()["content"];
  if (!parsed || !content.is_array()) {
    return fail(ErrorCode::kProviderError,
                "The provider sent an answer that could not be read. Try again, or choose another "
                "model.",
                parsed ? "it has no content" : tree.problem());
  }
  std::string out;
  out.reserve(body.size() + 512);
  JsonMembers completion(out);
  completion.raw_text("id", tree.root()["id"].string().text);
  completion.json("object", R"("chat.completion")");
  completion.json("created", std::to_string(to.created));
  completion.text("model", to.public_model);
  out += R"(,"choices":[{"index":0,"message":)";
  append_message(out, content);
  fmt::format_to(std::back_inserter(out), R"(,"logprobs":null,"finish_reason":"{}"}}])",
                 finish_reason_for(tree.root()["stop_reason"].string()));
  append_openai_usage(completion.name("usage"), to.tokens);
  completion.close();
  return out;
}

}  // namespace tollgate
