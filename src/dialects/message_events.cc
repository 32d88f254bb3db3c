#include "dialects/message_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json.h"

namespace tollgate {
namespace {

template <class... Args>
void append_format(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

void append_delta(std::string& out, std::int64_t index, std::string_view type,
                  std::string_view member, std::string_view raw) {
  append_format(
      out,
      "event: content_block_delta\n"
      R"(data: {{"type":"content_block_delta","index":{},"delta":{{"type":"{}","{}":"{}"}}}})"
      "\n\n",
      index, type, member, raw);
}

void append_block_start(std::string& out, std::int64_t index, std::string_view block_json) {
  append_format(out,
                "event: content_block_start\n"
                R"(data: {{"type":"content_block_start","index":{},"content_block":{}}})"
                "\n\n",
                index, block_json);
}

}  // namespace

void append_anthropic_usage(std::string& out, const TokenUsage& tokens, std::string_view cost) {
  out += '{';
  if (!cost.empty()) append_format(out, R"("cost":{},)", json_string(cost));
  const std::int64_t written = tokens.cache_write + tokens.cache_write_1h;
  const std::int64_t plain =
      std::max<std::int64_t>(tokens.input - tokens.cached_input - written, 0);
  append_format(out,
                R"("input_tokens":{},"cache_creation_input_tokens":{},)"
                R"("cache_read_input_tokens":{},"cache_creation":{{)"
                R"("ephemeral_5m_input_tokens":{},"ephemeral_1h_input_tokens":{}}},)"
                R"("output_tokens":{},"output_tokens_details":{{"thinking_tokens":{}}}}})",
                plain, written, tokens.cached_input, tokens.cache_write, tokens.cache_write_1h,
                tokens.output, tokens.reasoning_output);
}

void append_relayed_event(std::string& out, std::string_view name, std::string_view payload,
                          ByteRange cut, std::string_view put) {
  out.append("event: ").append(name).append("\ndata: ");
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out.append(payload.substr(0, cut.offset)).append(put).append(payload.substr(cut.end()));
  std::replace_if(
      out.begin() + start, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out += "\n\n";
}

void append_message_start(std::string& out, std::string_view id_json, std::string_view model_json) {
  append_format(out,
                "event: message_start\n"
                R"(data: {{"type":"message_start","message":{{"id":{},"type":"message",)"
                R"("role":"assistant","model":{},"content":[],"stop_reason":null,)"
                R"("stop_sequence":null,"usage":{{"input_tokens":0,"output_tokens":0}}}}}})"
                "\n\n",
                id_json, model_json);
}

void append_text_start(std::string& out, std::int64_t index) {
  append_block_start(out, index, R"({"type":"text","text":""})");
}

void append_thinking_start(std::string& out, std::int64_t index) {
  append_block_start(out, index, R"({"type":"thinking","thinking":"","signature":""})");
}

void append_tool_use_start(std::string& out, std::int64_t index, std::string_view id_json,
                           std::string_view name_json) {
  append_block_start(
      out, index,
      fmt::format(R"({{"type":"tool_use","id":{},"name":{},"input":{{}}}})", id_json, name_json));
}

void append_text_delta(std::string& out, std::int64_t index, std::string_view raw_text) {
  append_delta(out, index, "text_delta", "text", raw_text);
}

void append_thinking_delta(std::string& out, std::int64_t index, std::string_view raw_text) {
  append_delta(out, index, "thinking_delta", "thinking", raw_text);
}

void append_input_delta(std::string& out, std::int64_t index, std::string_view raw_json) {
  append_delta(out, index, "input_json_delta", "partial_json", raw_json);
}

void append_block_stop(std::string& out, std::int64_t index) {
  append_format(out,
                "event: content_block_stop\n"
                R"(data: {{"type":"content_block_stop","index":{}}})"
                "\n\n",
                index);
}

void append_message_delta(std::string& out, std::string_view stop_reason, const TokenUsage& tokens,
                          std::string_view cost) {
  append_format(out,
                "event: message_delta\n"
                R"(data: {{"type":"message_delta","delta":{{"stop_reason":"{}",)"
                R"("stop_sequence":null}},"usage":)",
                stop_reason);
  append_anthropic_usage(out, tokens, cost);
  out += "}\n\n";
}

void append_message_stop(std::string& out) {
  out += "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
}

}  // namespace tollgate
