#include "dialects/chat_from_responses.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/check.h"
#include "dialects/json_members.h"
#include "dialects/json_tree.h"
#include "dialects/request_members.h"
#include "dialects/untranslatable.h"

namespace tollgate {
namespace {

struct Unsayable {
  std::string_view member;
  std::string_view why;
};
constexpr Unsayable kUnsayable[] = {
    {"previous_response_id", "it keeps no earlier responses; send the whole conversation as input"},
    {"conversation", "it keeps no conversations; send the whole of it as input"},
    {"prompt", "it keeps no prompts; send its text as instructions"},
    {"context_management", "it does not compact what it is sent"},
    {"moderation", "it does not moderate"},
    {"cached_content", "it keeps nothing of earlier requests"},
    {"extra_body", "it has no such member"},
    {"web_search_options", "it does not search"},
    {"search_parameters", "it does not search"},
    {"plugins", "it has none"},
    {"modalities", "it answers in text"},
};

// Nothing is asked for: null, false, zero, or an array or object without anything in it.
bool asks_nothing(JsonNode value) {
  if (value.is_null() || value.kind() == JsonKind::kFalse) return true;
  if (value.integer() == 0) return true;
  return (value.is_array() || value.is_object()) && value.empty();
}

class ResponsesAsChat {
 public:
  ResponsesAsChat(const ChatRequest& request, const ResponsesToChat& to)
      : request_(request), to_(to) {}

  Result<std::string> write(std::string_view body);

 private:
  Status refuse_what_cannot_be_said() const;
  Status write_limits();
  Status write_tools();
  Status write_tool_choice();
  Status write_format();

  const ChatRequest& request_;
  const ResponsesToChat& to_;
  JsonTree tree_;
  JsonNode root_;
  std::string out_;
  std::optional<JsonMembers> members_;
  bool has_tools_ = false;
};

Result<std::string> ResponsesAsChat::write(std::string_view body) {
  if (Status parsed = parse_to_translate(tree_, body); !parsed) {
    return std::unexpected(std::move(parsed.error()));
  }
  root_ = tree_.root();
  if (Status sayable = refuse_what_cannot_be_said(); !sayable) {
    return std::unexpected(std::move(sayable.error()));
  }
  Result<std::string> turns = response_turns(root_["instructions"], root_["input"], to_.reasoning);
  if (!turns) return std::unexpected(std::move(turns.error()));

  out_.reserve(body.size() + 1'024);
  members_.emplace(out_);
  members_->text("model", to_.upstream_model);
  members_->name("messages").append("[").append(*turns).append("]");
  for (const auto write : {&ResponsesAsChat::write_limits, &ResponsesAsChat::write_tools,
                           &ResponsesAsChat::write_tool_choice, &ResponsesAsChat::write_format}) {
    if (Status written = (this->*write)(); !written) {
      return std::unexpected(std::move(written.error()));
    }
  }
  members_->close();
  return std::move(out_);
}

Status ResponsesAsChat::refuse_what_cannot_be_said() const {
  for (const Unsayable& one : kUnsayable) {
    if (asks_nothing(root_[one.member])) continue;
    return untranslatable(std::string(one.member), one.why);
  }
  if (!asks_nothing(root_["top_logprobs"])) {
    return untranslatable("top_logprobs", "it does not tell log probabilities in this dialect");
  }
  return {};
}

Status ResponsesAsChat::write_limits() {
  const auto limit = request_.max_tokens ? request_.max_tokens : to_.max_tokens;
  if (limit) members_->json(to_.max_tokens_field, std::to_string(*limit));
  if (request_.stream) {
    members_->json("stream", "true");
    members_->json("stream_options", R"({"include_usage":true})");
  }
  for (const std::string_view name : {"temperature", "top_p"}) {
    if (root_[name].kind() == JsonKind::kNumber) members_->json(name, root_[name].raw());
  }
  if (root_["user"].is_string()) members_->json("user", root_["user"].raw());
  const JsonNode effort = root_["reasoning"]["effort"];
  if (effort.is_string()) members_->json("reasoning_effort", effort.raw());
  return {};
}

Status ResponsesAsChat::write_tools() {
  const JsonNode tools = root_["tools"];
  if (tools.is_null()) return {};
  if (!tools.is_array()) return wrong_type("tools", "an array");
  if (tools.empty()) return {};
  has_tools_ = true;
  std::string& out = members_->name("tools");
  out += '[';
  JsonElements elements(out);
  std::size_t index = 0;
  for (const JsonNode tool : tools) {
    if (!tool["type"].is("function")) {
      return untranslatable(fmt::format("tools[{}].type", index), "its tools are functions");
    }
    if (!tool["name"].is_string()) {
      return wrong_type(fmt::format("tools[{}].name", index), "a string");
    }
    JsonMembers members(elements.next());
    members.json("type", R"("function")");
    JsonMembers function(members.name("function"));
    function.json("name", tool["name"].raw());
    if (tool["description"].is_string()) function.json("description", tool["description"].raw());
    if (tool["parameters"].is_object()) function.json("parameters", tool["parameters"].raw());
    if (tool["strict"].is_true()) function.json("strict", "true");
    function.close();
    members.close();
    ++index;
  }
  out += ']';
  return {};
}

Status ResponsesAsChat::write_tool_choice() {
  if (!has_tools_) return {};
  const JsonNode parallel = root_["parallel_tool_calls"];
  if (parallel.is_true() || parallel.kind() == JsonKind::kFalse) {
    members_->json("parallel_tool_calls", parallel.raw());
  }
  const JsonNode choice = root_["tool_choice"];
  if (choice.is_null()) return {};
  if (choice.is("auto") || choice.is("none") || choice.is("required")) {
    members_->json("tool_choice", choice.raw());
    return {};
  }
  if (choice["type"].is("function") && choice["name"].is_string()) {
    members_->name("tool_choice")
        .append(R"({"type":"function","function":{"name":)")
        .append(choice["name"].raw())
        .append("}}");
    return {};
  }
  return untranslatable("tool_choice", "it takes auto, none, required, or one function");
}

Status ResponsesAsChat::write_format() {
  const JsonNode format = root_["text"]["format"];
  if (format.is_null() || format["type"].is("text")) return {};
  if (format["type"].is("json_object")) {
    members_->json("response_format", R"({"type":"json_object"})");
    return {};
  }
  if (!format["type"].is("json_schema") || !format["schema"].is_object() ||
      !format["name"].is_string()) {
    return wrong_type("text.format",
                      "of the type text, json_object, or json_schema with a name and a schema");
  }
  JsonMembers out(members_->name("response_format"));
  out.json("type", R"("json_schema")");
  JsonMembers schema(out.name("json_schema"));
  schema.json("name", format["name"].raw());
  if (format["description"].is_string()) schema.json("description", format["description"].raw());
  schema.json("schema", format["schema"].raw());
  if (format["strict"].is_true()) schema.json("strict", "true");
  schema.close();
  out.close();
  return {};
}

}  // namespace

Result<std::string> chat_from_responses(const ChatRequest& request, std::string_view body,
                                        const ResponsesToChat& to) {
  check(request.kind == CompletionKind::kResponses, "a request of /v1/responses is translated");
  return ResponsesAsChat(request, to).write(body);
}

}  // namespace tollgate
