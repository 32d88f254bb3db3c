#include "dialects/response_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json.h"
#include "dialects/json_members.h"
#include "dialects/json_tree.h"
#include "dialects/response_turns.h"

namespace tollgate {
namespace {

template <class... Args>
void append_format(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// A setting that a response says again, and what stands there where the request has none.
struct Setting {
  std::string_view name;
  std::string_view otherwise;
};
constexpr Setting kSettings[] = {
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"tools", "[]"},
    {"top_p", "null"},
    {"user", "null"},
};

std::string settings_of(std::string_view request) {
  JsonTree tree;
  const bool read = !request.empty() && tree.parse(request);
  std::string out;
  for (const Setting& setting : kSettings) {
    std::string_view value = setting.otherwise;
    const JsonNode said = read ? tree.root()[setting.name] : JsonNode();
    if (!said.is_null() && said.raw().size() <= kRepeatedBytesMax) value = said.raw();
    append_format(out, R"("{}":{},)", setting.name, value);
  }
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

std::string_view prefix_of(ResponseItem::Kind kind) {
  switch (kind) {
    case ResponseItem::Kind::kReasoning:
      return "rs_";
    case ResponseItem::Kind::kCall:
      return "fc_";
    default:
      return "msg_";
  }
}

}  // namespace

ResponseFrame::ResponseFrame(const ResponseTerms& terms)
    : id_(terms.id), settings_(settings_of(terms.request)) {
  settings_ += R"("model":)";
  append_json_string(settings_, terms.public_model);
  opening_ = fmt::format(R"({{"id":{},"object":"response","created_at":{},)",
                         json_string("resp_" + id_), terms.created);
}

void ResponseFrame::append(std::string& out, const ResponseState& state) const {
  append_format(out, R"({}"status":"{}","background":false,"error":null,"incomplete_details":)",
                opening_, state.status);
  if (state.incomplete_reason.empty()) {
    out += "null,";
  } else {
    append_format(out, R"({{"reason":"{}"}},)", state.incomplete_reason);
  }
  out += settings_;
  append_format(out,
                R"(,"output":[{}],"previous_response_id":null,"store":false,)"
                R"("truncation":"disabled","usage":)",
                state.output_json);
  if (state.tokens != nullptr) {
    append_response_usage(out, *state.tokens, state.cost);
  } else {
    out += "null";
  }
  out += '}';
}

std::string ResponseFrame::item_id(const ResponseItem& item, std::size_t index) const {
  return fmt::format("{}{}_{}", prefix_of(item.kind), id_, index);
}

void ResponseFrame::append_item(std::string& out, const ResponseItem& item, std::size_t index,
                                std::string_view status) const {
  JsonMembers members(out);
  members.text("id", item_id(item, index));
  if (item.kind == ResponseItem::Kind::kCall) {
    members.json("type", R"("function_call")");
    members.raw_text("status", status);
    members.raw_text("arguments", item.text);
    members.json("call_id", item.call_id_json);
    members.json("name", item.name_json);
  } else if (item.kind == ResponseItem::Kind::kReasoning) {
    members.json("type", R"("reasoning")");
    append_response_part(members.name("summary") += '[', item.kind, item.text);
    out += ']';
    if (!item.signature.empty()) {
      members.raw_text("encrypted_content", std::string(kAnthropicSignature) + item.signature);
    }
    members.raw_text("status", status);
  } else {
    members.json("type", R"("message")");
    members.raw_text("status", status);
    append_response_part(members.name("content") += '[', item.kind, item.text);
    out += ']';
    members.json("role", R"("assistant")");
  }
  members.close();
}

void append_response_part(std::string& out, ResponseItem::Kind kind, std::string_view raw_text) {
  JsonMembers part(out);
  switch (kind) {
    case ResponseItem::Kind::kRefusal:
      part.json("type", R"("refusal")");
      part.raw_text("refusal", raw_text);
      break;
    case ResponseItem::Kind::kReasoning:
      part.json("type", R"("summary_text")");
      part.raw_text("text", raw_text);
      break;
    default:
      part.json("type", R"("output_text")");
      part.json("annotations", "[]");
      part.json("logprobs", "[]");
      part.raw_text("text", raw_text);
      break;
  }
  part.close();
}

void append_response_usage(std::string& out, const TokenUsage& tokens, std::string_view cost) {
  out += '{';
  if (!cost.empty()) append_format(out, R"("cost":{},)", json_string(cost));
  append_format(out,
                R"("input_tokens":{},"input_tokens_details":{{"cached_tokens":{},)"
                R"("cache_write_tokens":{}}},"output_tokens":{},)"
                R"("output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}})",
                tokens.input, tokens.cached_input, tokens.cache_write + tokens.cache_write_1h,
                tokens.output, tokens.reasoning_output, tokens.input + tokens.output);
}

}  // namespace tollgate
