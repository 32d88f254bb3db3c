// Fuzzes the reader of requests of OpenAI's Responses API (dialects/responses_request.h), the
// splicing of what it accepts, and its translation into a chat and on into Anthropic's dialect.
//
// Claims: what is accepted is JSON for Boost.JSON too, with the same model and stream; the body
// sent upstream names the upstream model and a limit, has no `route` and is as long as it says; the
// text is never more than the body. A translation is a request that its dialect's reader takes,
// with the upstream model, the same stream and limit, and as many images or fewer (what cannot be
// said is refused, but nothing is added); it asks for no hosted tool.
#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/chat_from_responses.h"
#include "dialects/chat_request.h"
#include "dialects/messages_from_chat.h"
#include "dialects/messages_request.h"
#include "dialects/read_prompt.h"
#include "dialects/response_object.h"
#include "dialects/responses_request.h"
#include "dialects/splice.h"
#include "fuzzing.h"
#include "independent_json.h"

namespace {

namespace json = boost::json;
using tollgate::fuzz::parse_independently;
using tollgate::fuzz::require;

constexpr std::array<std::string_view, 5> kSeeds = {
    R"({"model":"m","input":"hi","max_output_tokens":5,"instructions":"s"})",
    R"({"route":{"region":"eu"},"mod\u0065l":"a\/b","stream":true,"max_output_tokens":null,"input":[)"
    R"({"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":)"
    R"("data:image\/png;base64,AA","detail":"low"},{"type":"input_file","filename":"a","file_data":)"
    R"("data:application/pdf;base64,AA"}]},{"type":"message","role":"assistant","content":[{"type":)"
    R"("output_text","text":"y","annotations":[]},{"type":"refusal","refusal":"n"}]}]})",
    R"({"model":"m","input":[{"type":"reasoning","id":"r","summary":[{"type":)"
    R"("summary_text","text":"h"}],"encrypted_content":"anthropic:AA"},{"type":"function_call",)"
    R"("call_id":"c","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c",)"
    R"("output":[{"type":"input_text","text":"1"},{"type":"input_image","image_url":"https://a/b"}]},)"
    R"({"role":"user","content":"go"}],"tools":[{"type":"function","name":"f","parameters":{}}],)"
    R"("tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false})",
    R"({"model":"m","input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{}}},)"
    R"("reasoning":{"effort":"low"},"temperature":1.5,"top_p":1,"user":"u","metadata":{"a":"b"}})",
    R"({"model":"m","input":[{"type":"item_reference","id":"x"}],"previous_response_id":"r","tools":[)"
    R"({"type":"web_search"}],"conversation":null,"background":false,"service_tier":"flex"})",
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
  require(prompt.text_bytes <= static_cast<std::int64_t>(body.size()));
  const tollgate::SplicedBody spliced = tollgate::upstream_body(
      request, body, "up\"stream", tollgate::OutputLimit{.field = "max_tokens", .tokens = 7});
  const std::string sent = spliced.text();
  require(sent.size() == spliced.size());
  const auto upstream = parse_independently(sent);
  require(upstream.has_value() || !seen.has_value());
  if (!upstream) return;
  require(upstream->at("model").as_string() == "up\"stream");
  require(upstream->at("max_output_tokens").to_number<std::int64_t>() ==
          request.max_tokens.value_or(7));
  require(!upstream->contains("route"));
}

void check_as_messages(const std::string& chat) {
  const auto request = tollgate::read_chat_request(chat);
  require(request.has_value());
  const auto made = tollgate::messages_from_chat(
      *request, chat, {.upstream_model = "claude-opus-4-6", .max_tokens = 77});
  if (made) require(tollgate::read_messages_request(*made).has_value());
}

void check_as_chat(const tollgate::ChatRequest& request, std::string_view body) {
  const auto made =
      tollgate::chat_from_responses(request, body,
                                    {.upstream_model = "up\"stream",
                                     .max_tokens = 9,
                                     .reasoning = tollgate::ReasoningItems::kCarried});
  if (!made) return;
  const auto again = tollgate::read_chat_request(*made);
  require(again.has_value());
  require(again->model == "up\"stream");
  require(again->stream == request.stream);
  require(again->output_tokens_max() == request.max_tokens.value_or(9));
  require(again->needs.images <= request.needs.images);
  require(!again->needs.hosted_fees);
  check_as_messages(*made);
  const tollgate::ResponseFrame frame({.id = "1", .public_model = "a/b", .request = body});
  std::string said;
  frame.append(said, {.status = "completed", .incomplete_reason = {}, .output_json = {}});
  require(said.find_first_of("\r\n") == std::string::npos);
  (void)parse_independently(said);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  const std::string_view body = copy.view();
  if (const auto request = tollgate::read_responses_request(body)) {
    check_accepted(*request, body);
    check_as_chat(*request, body);
  }
  return 0;
}
