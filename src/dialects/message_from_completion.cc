#include "dialects/message_from_completion.h"

#include <algorithm>

#include "dialects/chat_request.h"
#include "dialects/json_members.h"
#include "dialects/json_text.h"
#include "dialects/json_tree.h"
#include "dialects/message_events.h"
#include "dialects/openai_parts.h"
#include "dialects/stop_reasons.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

void append_text(JsonElements& blocks, std::string_view type, std::string_view member,
                 std::string_view raw) {
  if (raw.empty()) return;
  JsonMembers block(blocks.next());
  block.raw_text("type", type);
  block.raw_text(member, raw);
  if (type == "thinking") block.raw_text("signature", "");
  block.close();
}

Status append_tool_use(JsonElements& blocks, JsonNode call) {
  const JsonNode function = call["function"];
  if (!function["name"].is_string()) return unreadable_answer("a tool call without a name");
  std::string input = function["arguments"].text();
  if (std::ranges::all_of(input, is_json_space)) input = "{}";
  JsonCursor cursor(input, kTranslationDepthMax);
  const bool object = cursor.kind() == JsonKind::kObject;
  cursor.skip();
  if (!object || !cursor.finish())
    return unreadable_answer("a tool call whose arguments are no JSON object");
  JsonMembers block(blocks.next());
  block.json("type", R"("tool_use")");
  block.raw_text("id", call["id"].string().text);
  block.json("name", function["name"].raw());
  block.json("input", input);
  block.close();
  return {};
}

}  // namespace

Result<std::string> message_from_completion(std::string_view body, const ToMessage& to) {
  JsonTree tree;
  if (!tree.parse(body)) return unreadable_answer(tree.problem());
  const JsonNode choices = tree.root()["choices"];
  if (choices.empty()) return unreadable_answer("it has no choices");
  const JsonNode choice = *choices.begin();
  const JsonNode said = choice["message"];
  if (!said.is_object()) return unreadable_answer("a choice without a message");

  std::string out;
  out.reserve(body.size() + 512);
  JsonMembers message(out);
  message.raw_text("id", tree.root()["id"].string().text);
  message.json("type", R"("message")");
  message.json("role", R"("assistant")");
  message.text("model", to.public_model);
  message.name("content") += '[';
  JsonElements blocks(out);
  std::string reasoning = raw_text_of(said["reasoning_content"]);
  if (reasoning.empty()) reasoning = raw_text_of(said["reasoning"]);
  append_text(blocks, "thinking", "thinking", reasoning);
  append_text(blocks, "text", "text", raw_text_of(said["content"]));
  append_text(blocks, "text", "text", raw_text_of(said["refusal"]));
  const JsonNode calls = said["tool_calls"];
  for (const JsonNode call : calls) {
    if (Status added = append_tool_use(blocks, call); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  out += ']';
  std::string_view reason = stop_reason_for(choice["finish_reason"].string());
  if (reason == "end_turn" && !calls.empty()) reason = "tool_use";  // some say stop all the same
  if (reason == "end_turn" && !raw_text_of(said["refusal"]).empty()) reason = "refusal";
  message.text("stop_reason", reason);
  message.json("stop_sequence", "null");
  append_anthropic_usage(message.name("usage"), to.tokens);
  message.close();
  return out;
}

}  // namespace tollgate
