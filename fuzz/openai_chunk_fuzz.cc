// Fuzzes what providers send: stream chunks (dialects/openai_chunk.h) and whole answers
// (dialects/openai_answer.h), and how they are rewritten for the client.
//
// Claims: what is accepted is still accepted once rewritten, says the public model wherever it
// named one, fits one line, hides the usage when told to, and has the content it had.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/openai_answer.h"
#include "dialects/openai_chunk.h"
#include "fuzzing.h"

namespace {

using tollgate::fuzz::require;

constexpr std::string_view kPublicModel = R"("acme/large")";

constexpr std::array<std::string_view, 4> kSeeds = {
    R"({"id":"c","created":1,"model":"up","choices":[{"index":0,"delta":{"content":" hi"},)"
    R"("finish_reason":null}],"usage":null})",
    R"({"choices":[],"model":"up","usage":{"prompt_tokens":9,"completion_tokens":4,)"
    R"("prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":null}})",
    R"({"choices":[{"message":{"content":"a\u00e9","reasoning":"b","tool_calls":[{"function":)"
    R"({"arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{}})",
    R"({"error":{"message":"overloaded"}})",
};

void check_rewritten(std::string_view payload, const tollgate::OpenAiChunk& chunk,
                     tollgate::UsageWish wish) {
  std::string out;
  tollgate::append_client_chunk(
      out, payload, chunk,
      {.model_json = kPublicModel, .usage = wish, .usage_extra = R"("cost":"1")"});
  require(out.find_first_of("\r\n") == std::string::npos);
  const auto again = tollgate::read_openai_chunk(out);
  require(again.has_value());
  require(again->model_value.has_value() == chunk.model_value.has_value());
  require(!again->model_value || again->model_value->in(out) == kPublicModel);
  require(again->content.deltas == chunk.content.deltas);
  require(again->content.text_bytes == chunk.content.text_bytes);
  if (wish == tollgate::UsageWish::kHidden) {
    require(!again->usage_value.has_value());
  } else {
    require(again->usage.state == chunk.usage.state);
    require(again->usage.tokens == chunk.usage.tokens);
  }
}

void check_answer(std::string_view body) {
  const auto answer = tollgate::read_openai_answer(body);
  if (!answer) return;
  const std::string out = tollgate::client_answer(body, *answer, "acme/large");
  const auto again = tollgate::read_openai_answer(out);
  require(again.has_value());
  require(again->model_value.has_value() && again->model_value->in(out) == kPublicModel);
  require(again->content.text_bytes == answer->content.text_bytes);
  require(again->usage.tokens == answer->usage.tokens);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  const std::string_view text = copy.view();
  require(tollgate::openai_error_message(text).size() <= 512);
  check_answer(text);
  const auto chunk = tollgate::read_openai_chunk(text);
  if (chunk && !chunk->done && !chunk->error) {
    check_rewritten(text, *chunk, tollgate::UsageWish::kHidden);
    check_rewritten(text, *chunk, tollgate::UsageWish::kAsked);
  }
  return 0;
}
