#include "dialects/messages_from_chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/check.h"
#include "dialects/anthropic_turns.h"
#include "dialects/json_members.h"
#include "dialects/json_tree.h"
#include "dialects/request_members.h"
#include "dialects/untranslatable.h"

namespace tollgate {
namespace {

// The least that may be thought (…/build-with-claude/extended-thinking).
constexpr std::int64_t kThinkingBudgetMin = 1'024;

struct Effort {
  std::string_view openai;
  std::int64_t budget;
  std::string_view anthropic;
};
constexpr std::array kEfforts = {
    Effort{"minimal", 1'024, "low"},   Effort{"low", 2'048, "low"},
    Effort{"medium", 8'192, "medium"}, Effort{"high", 16'384, "high"},
    Effort{"xhigh", 32'768, "xhigh"},  Effort{"max", 65'536, "max"},
};

// Whether a value asks for nothing: null, false, or an empty array or object.
bool asks_nothing(JsonNode value) {
  return value.is_null() || value.kind() == JsonKind::kFalse ||
         ((value.is_array() || value.is_object()) && value.empty());
}

// Claude models choose how much they think from 4.6 on, and take no budget from 4.7 on; those
// before know only budgets, as do other models behind this dialect. The version is the first number
// of the name and the one that follows it: claude-opus-4-6, claude-3-7-sonnet-20250219.
bool thinks_adaptively(std::string_view model) {
  if (model.find("claude") == std::string_view::npos) return false;
  std::optional<int> major;
  std::size_t at = 0;
  while (at < model.size()) {
    const std::size_t end = std::min(model.find_first_of("-_.:/@", at), model.size());
    const std::string_view word = model.substr(at, end - at);
    int number = -1;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool small = error == std::errc() && stop == word.data() + word.size() &&
                       word.size() <= 2 && number >= 0;
    if (major) return *major > 4 || (*major == 4 && small && number >= 6);
    if (small) major = number;
    at = end + 1;
  }
  return major && *major > 4;
}

class ChatToMessages {
 public:
  ChatToMessages(const ChatRequest& request, const ToAnthropic& to) : request_(request), to_(to) {}

  Result<std::string> write(std::string_view body);

 private:
  Status refuse_what_cannot_be_said() const;
  Status write_tools();
  Status write_tool(std::string& out, JsonNode tool, std::size_t index);
  Status write_tool_choice();
  Status write_output();
  void write_sampling();
  std::int64_t max_tokens() const { return request_.output_tokens_max().value_or(to_.max_tokens); }

  const ChatRequest& request_;
  const ToAnthropic& to_;
  JsonTree tree_;
  JsonNode root_;
  std::string out_;
  std::optional<JsonMembers> members_;
  bool has_tools_ = false;
  bool may_think_by_budget_ = true;
};

Result<std::string> ChatToMessages::write(std::string_view body) {
  if (Status parsed = parse_to_translate(tree_, body); !parsed) {
    return std::unexpected(std::move(parsed.error()));
  }
  root_ = tree_.root();
  if (Status sayable = refuse_what_cannot_be_said(); !sayable) {
    return std::unexpected(std::move(sayable.error()));
  }
  Result<AnthropicTurns> turns = anthropic_turns(root_["messages"]);
  if (!turns) return std::unexpected(std::move(turns.error()));
  may_think_by_budget_ = !turns->unsigned_calls;

  out_.reserve(body.size() + 1'024);
  members_.emplace(out_);
  members_->text("model", to_.upstream_model);
  members_->json("max_tokens", std::to_string(max_tokens()));
  if (request_.stream) members_->json("stream", "true");
  if (!turns->system.empty()) {
    members_->name("system").append("[").append(turns->system).append("]");
  }
  members_->name("messages").append("[").append(turns->messages).append("]");
  write_sampling();
  for (const auto write : {&ChatToMessages::write_tools, &ChatToMessages::write_tool_choice,
                           &ChatToMessages::write_output}) {
    if (Status written = (this->*write)(); !written) {
      return std::unexpected(std::move(written.error()));
    }
  }
  members_->close();
  return std::move(out_);
}

Status ChatToMessages::refuse_what_cannot_be_said() const {
  if (request_.n > 1) return untranslatable("n", "it gives one answer to a request");
  if (request_.best_of > 1) return untranslatable("best_of", "it gives one answer to a request");
  struct Member {
    std::string_view name;
    std::string_view why;
  };
  constexpr std::string_view kElsewhere = "it does not know what stands elsewhere";
  for (const Member& member : {
           Member{"logprobs", "it tells no probabilities"},
           Member{"top_logprobs", "it tells no probabilities"},
           Member{"audio", "it does not speak"},
           Member{"functions", "functions are called tools there"},
           Member{"function_call", "functions are called tools there"},
           Member{"web_search_options", "it searches by a tool of its own"},
           Member{"search_parameters", "it searches by a tool of its own"},
           Member{"plugins", "it knows no plugins"},
           Member{"prompt", kElsewhere},
           Member{"previous_response_id", kElsewhere},
           Member{"conversation", kElsewhere},
           Member{"cached_content", kElsewhere},
           Member{"extra_body", "nothing is known of what is in it"},
       }) {
    const JsonNode value = root_[member.name];
    if (asks_nothing(value) || value.raw() == "0") continue;
    return untranslatable(std::string(member.name), member.why);
  }
  for (const JsonNode modality : root_["modalities"]) {
    if (!modality.is("text")) return untranslatable("modalities", "it answers in text");
  }
  return {};
}

void ChatToMessages::write_sampling() {
  const JsonNode temperature = root_["temperature"];
  if (temperature.kind() == JsonKind::kNumber) {
    const std::string text(temperature.raw());
    members_->json("temperature", std::strtod(text.c_str(), nullptr) > 1.0 ? "1" : text);
  }
  for (const std::string_view name : {"top_p", "top_k"}) {
    if (root_[name].kind() == JsonKind::kNumber) members_->json(name, root_[name].raw());
  }
  const JsonNode stop = root_["stop"];
  if (stop.is_string()) {
    members_->name("stop_sequences").append("[").append(stop.raw()).append("]");
  } else if (stop.is_array() && !stop.empty()) {
    members_->json("stop_sequences", stop.raw());
  }
  for (const std::string_view name : {"user", "safety_identifier"}) {
    if (!root_[name].is_string()) continue;
    members_->name("metadata").append(R"({"user_id":)").append(root_[name].raw()).append("}");
    break;
  }
}

Status ChatToMessages::write_tools() {
  const JsonNode tools = root_["tools"];
  if (asks_nothing(tools)) return {};
  if (!tools.is_array()) return wrong_type("tools", "an array");
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

Status ChatToMessages::write_tool(std::string& out, JsonNode tool, std::size_t index) {
  constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";
  const JsonNode function = tool["function"];
  if (!tool["type"].is("function")) {
    return untranslatable(fmt::format("tools[{}].type", index), "its tools are functions");
  }
  if (!function["name"].is_string()) {
    return wrong_type(fmt::format("tools[{}].function.name", index), "a string");
  }
  JsonMembers members(out);
  members.json("name", function["name"].raw());
  if (function["description"].is_string()) {
    members.json("description", function["description"].raw());
  }
  const JsonNode parameters = function["parameters"];
  if (!parameters.is_object() || parameters.empty()) {
    members.json("input_schema", kNoParameters);
  } else if (parameters["type"]) {
    members.json("input_schema", parameters.raw());
  } else {  // a schema says its type there
    members.name("input_schema").append(R"({"type":"object",)").append(parameters.raw().substr(1));
  }
  if (function["strict"].is_true()) members.json("strict", "true");
  for (const JsonNode holder : {tool, function}) {
    if (!holder["cache_control"].is_object()) continue;
    members.json("cache_control", holder["cache_control"].raw());
    break;
  }
  members.close();
  return {};
}

Status ChatToMessages::write_tool_choice() {
  const JsonNode choice = root_["tool_choice"];
  std::string_view type = "auto";
  JsonNode name;
  if (choice.is("required")) {
    type = "any";
  } else if (choice.is("none")) {
    type = "none";
  } else if (choice["type"].is("function") && choice["function"]["name"].is_string()) {
    type = "tool";
    name = choice["function"]["name"];
  } else if (!choice.is_null() && !choice.is("auto")) {
    return untranslatable("tool_choice", "it takes auto, required, none or one function");
  }
  const bool one_at_a_time = root_["parallel_tool_calls"].kind() == JsonKind::kFalse;
  if (!has_tools_ || (choice.is_null() && !one_at_a_time)) return {};
  JsonMembers members(members_->name("tool_choice"));
  members.text("type", type);
  if (name) members.json("name", name.raw());
  if (one_at_a_time && type != "none") members.json("disable_parallel_tool_use", "true");
  members.close();
  return {};
}

// What shapes the answer: thinking, effort, a JSON schema.
Status ChatToMessages::write_output() {
  std::string_view effort;
  if (const JsonNode thinking = root_["thinking"]; thinking.is_object()) {
    members_->json("thinking", thinking.raw());
  } else if (const JsonNode asked = root_["reasoning_effort"]; asked.is_string()) {
    const bool adaptive = thinks_adaptively(to_.upstream_model);
    const auto found =
        std::ranges::find_if(kEfforts, [&](const Effort& one) { return asked.is(one.openai); });
    if (found == kEfforts.end() && !asked.is("none")) {
      return wrong_type("reasoning_effort", "none, minimal, low, medium, high, xhigh or max");
    }
    if (found == kEfforts.end()) {
      if (adaptive) members_->json("thinking", R"({"type":"disabled"})");
    } else if (adaptive) {
      members_->json("thinking", R"({"type":"adaptive"})");
      effort = found->anthropic;
    } else if (const auto budget = std::min(found->budget, max_tokens() / 2);
               budget >= kThinkingBudgetMin && may_think_by_budget_) {
      members_->json("thinking", fmt::format(R"({{"type":"enabled","budget_tokens":{}}})", budget));
    }
  }
  const JsonNode format = root_["response_format"];
  const JsonNode schema = format["json_schema"]["schema"];
  const bool wants_schema = format["type"].is("json_schema");
  if (wants_schema && !schema.is_object()) {
    return wrong_type("response_format.json_schema.schema", "a JSON schema: an object");
  }
  if (!format.is_null() && !wants_schema && !format["type"].is("text")) {
    return untranslatable("response_format", "it writes JSON by a schema only: use json_schema");
  }
  if (effort.empty() && !wants_schema) return {};
  JsonMembers config(members_->name("output_config"));
  if (!effort.empty()) config.text("effort", effort);
  if (wants_schema) {
    config.name("format")
        .append(R"({"type":"json_schema","schema":)")
        .append(schema.raw())
        .append("}");
  }
  config.close();
  return {};
}

}  // namespace

Result<std::string> messages_from_chat(const ChatRequest& request, std::string_view body,
                                       const ToAnthropic& to) {
  check(request.kind == CompletionKind::kChat, "a chat is translated");
  return ChatToMessages(request, to).write(body);
}

}  // namespace tollgate
