// Fuzzes streams of events that providers send, in every pair of dialects
// (dialects/client_stream.h), and whole answers with their translations. The input is one payload a
// line; as a whole, an answer.
//
// Claims: whatever comes, a client gets whole events of its own dialect, each on one line, that the
// dialect's reader takes in that order, named as the dialect names them; the stream can be ended
// anywhere, at the bound or not, and is then whole; the text of a stream that changes its dialect
// is never more than came.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/anthropic_answer.h"
#include "dialects/chunks_from_messages.h"
#include "dialects/completion_from_message.h"
#include "dialects/message_from_completion.h"
#include "dialects/message_reader.h"
#include "dialects/message_stream.h"
#include "dialects/messages_from_chunks.h"
#include "dialects/openai_answer.h"
#include "dialects/openai_chunk.h"
#include "dialects/response_answer.h"
#include "dialects/response_from_chunks.h"
#include "dialects/response_from_completion.h"
#include "dialects/response_stream.h"
#include "fuzzing.h"

namespace {

using tollgate::fuzz::require;

constexpr std::array<std::string_view, 7> kSeeds = {
    R"({"type":"message_start","message":{"id":"m","model":"up","usage":{"input_tokens":9,)"
    R"("output_tokens":1}}})"
    "\n"
    R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking"}})"
    "\n"
    R"({"type":"content_block_delta","index":0,"delta":{"thinking":"hm"}})"
    "\n"
    R"({"type":"content_block_delta","index":0,"delta":{"signature":"s"}})"
    "\n"
    R"({"type":"content_block_stop","index":0})"
    "\n"
    R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t",)"
    R"("name":"f","input":{}}})"
    "\n"
    R"({"type":"content_block_delta","index":1,"delta":{"partial_json":"{\"a\":1}"}})"
    "\n"
    R"({"type":"content_block_stop","index":1})"
    "\n"
    R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}})"
    "\n"
    R"({"type":"message_stop"})",
    R"({"type":"message_start","message":{}})"
    "\n"
    R"({"type":"ping"})"
    "\n"
    R"({"type":"content_block_start","index":3,"content_block":{"type":"text","text":"a\u00e9"}})"
    "\n"
    R"({"type":"message_delta","delta":{},"usage":null})",
    R"({"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})"
    "\n"
    R"({"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"hm","content":"x"}}]})"
    "\n"
    R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f",)"
    R"("arguments":"{"}}]}}]})"
    "\n"
    R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{)"
    R"("prompt_tokens":9,"completion_tokens":4}})"
    "\n[DONE]",
    R"({"id":"m","type":"message","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t",)"
    R"("name":"f","input":{"a":1}},{"type":"thinking","thinking":"h","signature":"s"}],)"
    R"("stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})",
    R"({"type":"response.created","sequence_number":0,"response":{"id":"r","model":"up","output":[]}})"
    "\n"
    R"({"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"m",)"
    R"("type":"message","status":"in_progress","content":[]}})"
    "\n"
    R"({"type":"response.content_part.added","output_index":0,"content_index":0,"part":{"type":)"
    R"("output_text","text":""}})"
    "\n"
    R"({"type":"response.output_text.delta","sequence_number":3,"output_index":0,"delta":"a\u00e9"})"
    "\n"
    R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call",)"
    R"("name":"f","arguments":""}})"
    "\n"
    R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"{"})"
    "\n"
    R"({"type":"response.completed","response":{"model":"up","usage":{"input_tokens":9,)"
    R"("output_tokens":4}}})",
    R"({"id":"r","model":"up","output":[{"type":"message","content":[{"type":"output_text","text":"a"}]},)"
    R"({"type":"function_call","arguments":"{}"}],"usage":{"input_tokens":9,"output_tokens":4}})",
    R"({"id":"c","choices":[{"message":{"content":"a","reasoning":"h","tool_calls":[{"id":"t",)"
    R"("function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"stop"}],"usage":{)"
    R"("prompt_tokens":9,"completion_tokens":4}})",
};

constexpr tollgate::StreamEnding kEnding = {
    .end = tollgate::StreamEnd::kWhole,
    .tokens = {.input = 9, .cached_input = 1, .output = 4},
    .cost = "0.1",
};

// Calls `use` with the data of every event; requires that all of it is events, in the dialect's
// form.
template <class Use>
void for_each_event(std::string_view out, std::string_view dialect, Use use) {
  while (!out.empty()) {
    std::string_view name;
    if (dialect != "openai") {
      require(out.starts_with("event: "));
      const std::size_t end = out.find('\n');
      name = out.substr(7, end - 7);
      out.remove_prefix(end + 1);
    }
    require(out.starts_with("data: "));
    const std::size_t end = out.find("\n\n");
    require(end != std::string_view::npos);
    const std::string_view payload = out.substr(6, end - 6);
    require(payload.find_first_of("\r\n") == std::string_view::npos);
    use(name, payload);
    out.remove_prefix(end + 2);
  }
}

// Of text, what a reader of the dialect counts in these events, which have to make a whole stream.
std::int64_t read_messages(std::string_view out) {
  tollgate::MessageReader reader;
  std::int64_t text = 0;
  bool done = false;
  for_each_event(out, "anthropic", [&](std::string_view name, std::string_view payload) {
    const auto facts = reader.read(payload);
    require(facts.has_value());
    require(!facts->error);
    require(reader.event().name == name);
    text += facts->content.text_bytes;
    done = facts->done;
  });
  require(done);
  return text;
}

std::int64_t read_chunks(std::string_view out) {
  std::int64_t text = 0;
  bool done = false;
  bool finished = false;
  for_each_event(out, "openai", [&](std::string_view, std::string_view payload) {
    require(!done);
    const auto chunk = tollgate::read_openai_chunk(payload);
    require(chunk.has_value());
    require(!chunk->error);
    text += chunk->content.text_bytes;
    finished |= chunk->finish_reason;
    done = chunk->done;
  });
  require(done && finished);
  return text;
}

std::int64_t read_responses(std::string_view out) {
  tollgate::JsonTree tree;
  std::int64_t text = 0;
  bool done = false;
  for_each_event(out, "responses", [&](std::string_view name, std::string_view payload) {
    require(!done);
    const auto event = tollgate::read_response_event(payload, tree);
    require(event.has_value());
    require(!event->fails);
    require(event->type == name);
    text += event->delta_bytes;
    done = event->ends;
  });
  require(done);
  return text;
}

// Relays the payloads until one of them is refused or ends the stream. The bytes of text that came.
std::int64_t relay(tollgate::ClientStream& stream, std::string_view payloads, std::string& out) {
  std::int64_t text = 0;
  while (!payloads.empty()) {
    const std::size_t end = std::min(payloads.find('\n'), payloads.size());
    // In memory of its own: no view may outlive its payload.
    const tollgate::fuzz::ExactCopy payload(payloads.substr(0, end));
    const auto facts = stream.read(payload.view());
    if (!facts) {
      require(facts.error().code == tollgate::ErrorCode::kProviderError);
      return text;
    }
    if (facts->error) return text;
    text += facts->content.text_bytes;
    stream.append(out);
    if (facts->done) return text;
    payloads.remove_prefix(std::min(end + 1, payloads.size()));
  }
  return text;
}

// Both endings; `read` has to take either stream.
template <class Read>
void check_stream(tollgate::ClientStream& stream, std::string_view payloads, Read read) {
  std::string out;
  const std::int64_t came = relay(stream, payloads, out);
  tollgate::StreamEnding ending = kEnding;
  ending.end =
      payloads.size() % 2 == 0 ? tollgate::StreamEnd::kWhole : tollgate::StreamEnd::kBounded;
  stream.append_ending(out, ending);
  const auto calls = std::ranges::count(payloads, '\n') + 1;  // at most
  require(read(out) <= came + 2 * calls);
}

void check_answers(std::string_view body) {
  if (const auto answer = tollgate::read_anthropic_answer(body)) {
    const std::string shown = tollgate::client_answer(body, *answer, "a/b");
    const auto again = tollgate::read_anthropic_answer(shown);
    require(again.has_value());
    require(again->model_value->in(shown) == R"("a/b")");
    require(again->content.text_bytes == answer->content.text_bytes);
    const auto made = tollgate::completion_from_message(
        body, {.public_model = "a/b", .created = 1, .tokens = kEnding.tokens});
    if (made) require(tollgate::read_openai_answer(*made).has_value());
  }
  if (const auto answer = tollgate::read_response_answer(body); answer && !answer->failure) {
    const std::string shown = tollgate::client_answer(body, *answer, "a/b");
    const auto again = tollgate::read_response_answer(shown);
    require(again.has_value());
    require(again->content.text_bytes == answer->content.text_bytes);
  }
  if (tollgate::read_openai_answer(body)) {
    const auto response = tollgate::response_from_completion(
        body, {.terms = {.id = "1", .public_model = "a/b"}, .tokens = kEnding.tokens});
    if (response) {
      const auto again = tollgate::read_response_answer(*response);
      require(again.has_value() && !again->failure);
      require(again->usage.tokens == kEnding.tokens);
    }
    const auto made =
        tollgate::message_from_completion(body, {.public_model = "a/b", .tokens = kEnding.tokens});
    if (made) {
      const auto again = tollgate::read_anthropic_answer(*made);
      require(again.has_value());
      require(again->usage.tokens == kEnding.tokens);
    }
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  check_answers(copy.view());
  tollgate::MessageStream messages("a/b");
  check_stream(messages, copy.view(), read_messages);
  tollgate::ChunksFromMessages chunks(
      {.public_model = "a/b", .created = 1, .usage = tollgate::UsageWish::kAsked});
  check_stream(chunks, copy.view(), read_chunks);
  tollgate::MessagesFromChunks from_chunks("a/b");
  check_stream(from_chunks, copy.view(), read_messages);
  tollgate::ResponseStream responses("a/b");
  check_stream(responses, copy.view(), read_responses);
  tollgate::ResponseFromChunks response_from_chunks({.id = "1", .public_model = "a/b"});
  check_stream(response_from_chunks, copy.view(), read_responses);
  tollgate::ResponseFromMessages response_from_messages({.id = "1", .public_model = "a/b"});
  check_stream(response_from_messages, copy.view(), read_responses);
  return 0;
}
