#include "dialects/response_from_completion.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "dialects/json_members.h"
#include "dialects/json_tree.h"
#include "dialects/openai_parts.h"
#include "dialects/stop_reasons.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

using Kind = ResponseItem::Kind;

void add_reasoning(JsonNode said, std::vector<ResponseItem>& items) {
  for (const JsonNode block : said["thinking_blocks"]) {
    if (!block["type"].is("thinking")) continue;
    items.push_back({.kind = Kind::kReasoning,
                     .text = std::string(block["thinking"].string().text),
                     .signature = std::string(block["signature"].string().text)});
  }
  if (!items.empty()) return;
  std::string reasoning = raw_text_of(said["reasoning_content"]);
  if (reasoning.empty()) reasoning = raw_text_of(said["reasoning"]);
  if (!reasoning.empty()) items.push_back({.kind = Kind::kReasoning, .text = std::move(reasoning)});
}

Status add_call(JsonNode call, std::vector<ResponseItem>& items) {
  const JsonNode function = call["function"];
  if (!function["name"].is_string()) return unreadable_answer("a tool call without a name");
  const JsonNode id = call["id"];
  items.push_back({.kind = Kind::kCall,
                   .text = std::string(function["arguments"].string().text),
                   .call_id_json = id.is_string() && id.raw().size() > 2
                                       ? std::string(id.raw())
                                       : fmt::format(R"("call_{}")", items.size()),
                   .name_json = std::string(function["name"].raw())});
  return {};
}

Status read_items(JsonNode said, std::vector<ResponseItem>& items) {
  add_reasoning(said, items);
  const JsonNode calls = said["tool_calls"];
  std::string content = raw_text_of(said["content"]);
  std::string refusal = raw_text_of(said["refusal"]);
  // An answer that says nothing is an empty message.
  if (!content.empty() || (refusal.empty() && calls.empty())) {
    items.push_back({.kind = Kind::kText, .text = std::move(content)});
  }
  if (!refusal.empty()) items.push_back({.kind = Kind::kRefusal, .text = std::move(refusal)});
  for (const JsonNode call : calls) {
    if (Status added = add_call(call, items); !added) return added;
  }
  return {};
}

}  // namespace

Result<std::string> response_from_completion(std::string_view body, const ToResponse& to) {
  JsonTree tree;
  if (!tree.parse(body)) return unreadable_answer(tree.problem());
  const JsonNode choices = tree.root()["choices"];
  if (choices.empty()) return unreadable_answer("it has no choices");
  const JsonNode choice = *choices.begin();
  if (!choice["message"].is_object()) return unreadable_answer("a choice without a message");
  std::vector<ResponseItem> items;
  if (Status read = read_items(choice["message"], items); !read) {
    return std::unexpected(std::move(read.error()));
  }

  const std::string_view reason = incomplete_reason_for(choice["finish_reason"].string());
  const std::string_view status = reason.empty() ? "completed" : "incomplete";
  const ResponseFrame frame(to.terms);
  std::string output;
  output.reserve(body.size());
  JsonElements elements(output);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool last = i + 1 == items.size();
    frame.append_item(elements.next(), items[i], i, last ? status : "completed");
  }
  std::string out;
  frame.append(
      out,
      {.status = status, .incomplete_reason = reason, .output_json = output, .tokens = &to.tokens});
  return out;
}

}  // namespace tollgate
