#include "dialects/chat_from_messages.h"

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

// What OpenAI takes as `user`.
constexpr std::size_t kUserLengthMax = 64;
// Budgets of thinking from which on an effort is no longer low, no longer medium.
constexpr std::int64_t kMediumBudget = 4'096;
constexpr std::int64_t kHighBudget = 16'384;

class MessagesToChat {
 public:
  MessagesToChat(const ChatRequest& request, const ToOpenAi& to) : request_(request), to_(to) {}

  Result<std::string> write(std::string_view body);

 private:
  Status refuse_what_cannot_be_said() const;
  Status write_limits();
  Status write_tools();
  Status write_tool(std::string& out, JsonNode tool, std::size_t index);
  Status write_tool_choice();
  Status write_output();
  std::string_view effort() const;

  const ChatRequest& request_;
  const ToOpenAi& to_;
  JsonTree tree_;
  JsonNode root_;
  std::string out_;
  std::optional<JsonMembers> members_;
  bool has_tools_ = false;
};

Result<std::string> MessagesToChat::write(std::string_view body) {
  if (Status parsed = parse_to_translate(tree_, body); !parsed) {
    return std::unexpected(std::move(parsed.error()));
  }
  root_ = tree_.root();
  if (Status sayable = refuse_what_cannot_be_said(); !sayable) {
    return std::unexpected(std::move(sayable.error()));
  }
  Result<std::string> turns = openai_turns(root_["system"], root_["messages"], to_.thinking);
  if (!turns) return std::unexpected(std::move(turns.error()));

  out_.reserve(body.size() + 1'024);
  members_.emplace(out_);
  members_->text("model", to_.upstream_model);
  members_->name("messages").append("[").append(*turns).append("]");
  for (const auto write : {&MessagesToChat::write_limits, &MessagesToChat::write_tools,
                           &MessagesToChat::write_tool_choice, &MessagesToChat::write_output}) {
    if (Status written = (this->*write)(); !written) {
      return std::unexpected(std::move(written.error()));
    }
  }
  members_->close();
  return std::move(out_);
}

Status MessagesToChat::refuse_what_cannot_be_said() const {
  for (const std::string_view name : {"mcp_servers", "container", "thread", "compaction"}) {
    const JsonNode value = root_[name];
    if (value.is_null() || (value.is_array() && value.empty())) continue;
    return untranslatable(std::string(name), "it is a service of Anthropic's own");
  }
  return {};
}

Status MessagesToChat::write_limits() {
  if (request_.max_tokens == 0) {
    return untranslatable("max_tokens", "it gives answers of at least one token");
  }
  if (request_.max_tokens) {
    members_->json(to_.max_tokens_field, std::to_string(*request_.max_tokens));
  }
  if (request_.stream) {
    members_->json("stream", "true");
    members_->json("stream_options", R"({"include_usage":true})");
  }
  for (const std::string_view name : {"temperature", "top_p"}) {
    if (root_[name].kind() == JsonKind::kNumber) members_->json(name, root_[name].raw());
  }
  const JsonNode stop = root_["stop_sequences"];
  if (stop.is_array() && !stop.empty()) members_->json("stop", stop.raw());
  const JsonNode user = root_["metadata"]["user_id"];
  if (user.is_string() && user.string().text.size() <= kUserLengthMax) {
    members_->json("user", user.raw());
  }
  return {};
}

Status MessagesToChat::write_tools() {
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
    if (Status written = write_tool(elements.next(), tool, index); !written) return written;
    ++index;
  }
  out += ']';
  return {};
}

Status MessagesToChat::write_tool(std::string& out, JsonNode tool, std::size_t index) {
  if (!tool["type"].is_null() && !tool["type"].is("custom")) {
    return untranslatable(fmt::format("tools[{}].type", index),
                          "it knows no tools that Anthropic defines");
  }
  if (!tool["name"].is_string())
    return wrong_type(fmt::format("tools[{}].name", index), "a string");
  JsonMembers members(out);
  members.json("type", R"("function")");
  JsonMembers function(members.name("function"));
  function.json("name", tool["name"].raw());
  if (tool["description"].is_string()) function.json("description", tool["description"].raw());
  if (tool["input_schema"].is_object()) function.json("parameters", tool["input_schema"].raw());
  if (tool["strict"].is_true()) function.json("strict", "true");
  function.close();
  members.close();
  return {};
}

Status MessagesToChat::write_tool_choice() {
  const JsonNode choice = root_["tool_choice"];
  if (choice.is_null()) return {};
  const JsonNode type = choice["type"];
  const bool one = type.is("tool");
  if (!type.is("auto") && !type.is("any") && !type.is("none") &&
      !(one && choice["name"].is_string())) {
    return wrong_type("tool_choice", "of the type auto, any, none, or tool with its name");
  }
  if (!has_tools_) return {};
  if (one) {
    members_->name("tool_choice")
        .append(R"({"type":"function","function":{"name":)")
        .append(choice["name"].raw())
        .append("}}");
  } else {
    members_->json("tool_choice", type.is("any") ? R"("required")" : type.raw());
  }
  if (choice["disable_parallel_tool_use"].is_true()) {
    members_->json("parallel_tool_calls", "false");
  }
  return {};
}

// Empty where the client does not say how much is to be thought.
std::string_view MessagesToChat::effort() const {
  const JsonNode effort = root_["output_config"]["effort"];
  if (effort.is_string()) return effort.raw();
  const JsonNode thinking = root_["thinking"];
  if (!thinking["type"].is("enabled")) return {};
  const std::int64_t budget = thinking["budget_tokens"].integer().value_or(kMediumBudget);
  if (budget < kMediumBudget) return R"("low")";
  return budget < kHighBudget ? R"("medium")" : R"("high")";
}

Status MessagesToChat::write_output() {
  if (to_.reasoning == Reasoning::kEffort && !effort().empty()) {
    members_->json("reasoning_effort", effort());
  }
  JsonNode format = root_["output_config"]["format"];
  if (format.is_null()) format = root_["output_format"];
  if (format.is_null()) return {};
  if (!format["type"].is("json_schema") || !format["schema"].is_object()) {
    return wrong_type("output_config.format", "of the type json_schema, with a schema");
  }
  members_->name("response_format")
      .append(R"({"type":"json_schema","json_schema":{"name":"answer","schema":)")
      .append(format["schema"].raw())
      .append(R"(,"strict":true}})");
  return {};
}

}  // namespace

Result<std::string> chat_from_messages(const ChatRequest& request, std::string_view body,
                                       const ToOpenAi& to) {
  check(is_anthropic(request.kind), "a request of Anthropic's dialect is translated");
  return MessagesToChat(request, to).write(body);
}

}  // namespace tollgate
