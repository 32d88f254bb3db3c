// Fuzzes the reader of Anthropic's requests (dialects/messages_request.h), the splicing of what it
// accepts, and both translations of requests.
//
// Claims: what is accepted is JSON for Boost.JSON too, with the same model and stream; the body
// sent upstream names the upstream model, has no `route` and is as long as it says; the text is
// never more than the body. A translation is a request that its dialect's reader takes, with the
// upstream model, the same stream and limit, and as many images or fewer (what cannot be said is
// refused, but nothing is added); it asks for no hosted tool.
#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/chat_from_messages.h"
#include "dialects/chat_request.h"
#include "dialects/messages_from_chat.h"
#include "dialects/messages_request.h"
#include "dialects/read_prompt.h"
#include "dialects/splice.h"
#include "fuzzing.h"
#include "independent_json.h"

namespace {

namespace json = boost::json;
using tollgate::fuzz::parse_independently;
using tollgate::fuzz::require;

constexpr std::array<std::string_view, 7> kSeeds = {
    R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]})",
    R"({"route":{"region":"eu"},"mod\u0065l":"a\/b","max_tokens":5,"stream":true,"system":[{)"
    R"("type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"image","source":{)"
    R"("type":"base64","media_type":"image\/png","data":"AA"}},{"type":"tool_result",)"
    R"("tool_use_id":"t","content":[{"type":"text","text":"1"}]}]}],"stop_sequences":["x"]})",
    R"({"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"thinking",)"
    R"("thinking":"a","signature":"b"},{"type":"tool_use","id":"t","name":"f","input":{"a":[1]}}]}],)"
    R"("tools":[{"name":"f","input_schema":{"type":"object"}},{"type":"web_search_20250305"}],)"
    R"("tool_choice":{"type":"any","disable_parallel_tool_use":true}})",
    R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"document",)"
    R"("source":{"type":"base64","media_type":"application/pdf","data":"A"}}]}],"thinking":{"type":)"
    R"("enabled","budget_tokens":9},"output_config":{"format":{"type":"json_schema","schema":{}}}})",
    R"({"model":"m","max_tokens":9000,"messages":[{"role":"system","content":"s"},{"role":"user",)"
    R"("content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,A"}}]},{"role":)"
    R"("assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"a\":1}"}}]},)"
    R"({"role":"tool","tool_call_id":"c","content":"1"}],"reasoning_effort":"low","stop":"x"})",
    R"({"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function",)"
    R"("function":{"name":"f","parameters":{"properties":{}}}}],"tool_choice":"required",)"
    R"("parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":{)"
    R"("name":"n","schema":{"type":"object"}}},"temperature":1.5,"user":"u"})",
    R"({"model":"m","messages":[{"role":"assistant","thinking_blocks":[{"type":"thinking",)"
    R"("thinking":"t","signature":"s"}],"content":"x"}],"thinking":{"type":"adaptive"}})",
};

void check_accepted(const tollgate::ChatRequest& request, std::string_view body) {
  const auto seen = parse_independently(body);
  if (seen) {
    require(seen->at("model").as_string() == request.model);
    const json::value* stream = seen->if_contains("stream");
    require((stream != nullptr && *stream == json::value(true)) == request.stream);
  }
  require(request.needs.text_bytes > 0);
  require(request.needs.text_bytes <= static_cast<std::int64_t>(body.size()));
  require(request.needs.choices == 1);
  const auto prompt = tollgate::prompt_text(request, body);
  require(prompt.user_turns <= prompt.messages);
  require(prompt.last_user.size() <= tollgate::kPromptTextBytesMax);
  require(prompt.text_bytes <= static_cast<std::int64_t>(body.size()));
  const tollgate::SplicedBody spliced = tollgate::upstream_body(request, body, "up\"stream");
  const std::string sent = spliced.text();
  require(sent.size() == spliced.size());
  const auto upstream = parse_independently(sent);
  require(upstream.has_value() || !seen.has_value());
  if (!upstream) return;
  require(upstream->at("model").as_string() == "up\"stream");
  require(!upstream->contains("route"));
}

void check_as_chat(const tollgate::ChatRequest& request, std::string_view body) {
  const auto made = tollgate::chat_from_messages(request, body,
                                                 {.upstream_model = "up\"stream",
                                                  .thinking = tollgate::ThinkingBlocks::kCarried,
                                                  .reasoning = tollgate::Reasoning::kEffort});
  if (!made) return;
  const auto again = tollgate::read_chat_request(*made);
  require(again.has_value());
  require(again->model == "up\"stream");
  require(again->stream == request.stream);
  require(again->output_tokens_max() == request.max_tokens);
  require(again->needs.images <= request.needs.images);
  require(!again->needs.hosted_fees);
}

void check_as_messages(const tollgate::ChatRequest& request, std::string_view body) {
  const auto made = tollgate::messages_from_chat(
      request, body, {.upstream_model = "claude-opus-4-6\"", .max_tokens = 77});
  if (!made) return;
  const auto again = tollgate::read_messages_request(*made);
  require(again.has_value());
  require(again->model == "claude-opus-4-6\"");
  require(again->stream == request.stream);
  require(again->max_tokens == request.output_tokens_max().value_or(77));
  require(again->needs.images <= request.needs.images);
  require(!again->needs.hosted_fees);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  const std::string_view body = copy.view();
  if (const auto request = tollgate::read_messages_request(body)) {
    check_accepted(*request, body);
    check_as_chat(*request, body);
  }
  if (const auto request = tollgate::read_chat_request(body)) check_as_messages(*request, body);
  return 0;
}
