// Replays the golden files of tests/golden/dialects/: each request, answer and stream of one
// dialect beside what it becomes in the other.
//
// NAME.in.json or NAME.in.sse is what goes in; NAME.options.json says what else it depends on;
// NAME.out.json, NAME.chunks.sse, NAME.messages.sse or NAME.response.sse is what comes out. JSON is
// compared as values, streams byte for byte; a refusal is {"code", "param"} or a last line that
// says so.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "dialects/anthropic_answer.h"
#include "dialects/chat_from_messages.h"
#include "dialects/chat_from_responses.h"
#include "dialects/chat_request.h"
#include "dialects/chunks_from_messages.h"
#include "dialects/completion_from_message.h"
#include "dialects/message_from_completion.h"
#include "dialects/message_stream.h"
#include "dialects/messages_from_chat.h"
#include "dialects/messages_from_chunks.h"
#include "dialects/messages_request.h"
#include "dialects/openai_answer.h"
#include "dialects/response_from_chunks.h"
#include "dialects/response_from_completion.h"
#include "dialects/response_stream.h"
#include "dialects/responses_request.h"

namespace tollgate {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPublicModel = "creator/model";
constexpr std::int64_t kCreated = 1'700'000'000;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Golden {
  fs::path folder;
  std::string name;
  std::string input;
  json::object options = {};

  std::string option(std::string_view member, std::string_view otherwise) const {
    const json::value* value = options.if_contains(member);
    return std::string(value == nullptr ? otherwise : std::string_view(value->as_string()));
  }
  std::optional<std::int64_t> number(std::string_view member) const {
    const json::value* value = options.if_contains(member);
    if (value == nullptr) return std::nullopt;
    return value->as_int64();
  }
  std::string expected(std::string_view suffix) const {
    return text_of(folder / (name + std::string(suffix)));
  }
};

std::vector<Golden> goldens(std::string_view folder, std::string_view suffix) {
  const fs::path root = fs::path(TOLLGATE_SOURCE_DIR) / "tests/golden/dialects" / folder;
  std::vector<Golden> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(suffix)) continue;
    Golden golden{.folder = root,
                  .name = file.substr(0, file.size() - suffix.size()),
                  .input = text_of(entry.path())};
    const std::string options = golden.expected(".options.json");
    if (!options.empty()) golden.options = json::parse(options).as_object();
    found.push_back(std::move(golden));
  }
  std::ranges::sort(found, {}, &Golden::name);
  EXPECT_FALSE(found.empty()) << root;
  return found;
}

void expect_json(const Golden& golden, const Result<std::string>& made) {
  json::value value;
  if (made) {
    boost::system::error_code error;
    value = json::parse(*made, error);
    ASSERT_FALSE(error) << golden.name << ": " << *made;
  } else {
    value = {{"code", std::string(error_code_name(made.error().code))},
             {"param", made.error().param.value_or("")}};
  }
  const std::string expected = golden.expected(".out.json");
  boost::system::error_code error;
  EXPECT_EQ(json::parse(expected, error), value) << golden.name << ": " << json::serialize(value);
  EXPECT_FALSE(error) << golden.name;
}

ResponseTerms response_terms(std::string_view request) {
  return {.id = "0001", .public_model = kPublicModel, .created = kCreated, .request = request};
}

TEST(Golden, ChatsBecomeMessages) {
  for (const Golden& golden : goldens("chat_to_messages", ".in.json")) {
    const auto request = read_chat_request(golden.input);
    ASSERT_TRUE(request.has_value()) << golden.name << ": " << request.error().message;
    const std::string model = golden.option("upstream_model", "upstream");
    const auto made = messages_from_chat(
        *request, golden.input,
        {.upstream_model = model,
         .max_tokens = golden.number("max_tokens").value_or(kAnthropicMaxTokens)});
    expect_json(golden, made);
    // What is sent is a request of the dialect.
    if (!made) continue;
    const auto again = read_messages_request(*made);
    ASSERT_TRUE(again.has_value()) << golden.name << ": " << again.error().message;
    EXPECT_EQ(again->model, model);
    EXPECT_EQ(again->stream, request->stream);
    EXPECT_EQ(again->needs.images, request->needs.images) << golden.name;
    EXPECT_EQ(again->needs.tools, request->needs.tools) << golden.name;
    EXPECT_EQ(again->needs.json_schema, request->needs.json_schema) << golden.name;
    EXPECT_FALSE(again->needs.hosted_fees) << golden.name;
  }
}

TEST(Golden, MessagesBecomeChats) {
  for (const Golden& golden : goldens("messages_to_chat", ".in.json")) {
    const auto request = read_messages_request(golden.input);
    ASSERT_TRUE(request.has_value()) << golden.name << ": " << request.error().message;
    const std::string field = golden.option("max_tokens_field", "max_tokens");
    const bool carried = golden.option("thinking", "dropped") == "carried";
    const bool effort = golden.option("reasoning", "unknown") == "effort";
    const auto made = chat_from_messages(
        *request, golden.input,
        {.upstream_model = "upstream",
         .max_tokens_field = field,
         .thinking = carried ? ThinkingBlocks::kCarried : ThinkingBlocks::kDropped,
         .reasoning = effort ? Reasoning::kEffort : Reasoning::kUnknown});
    expect_json(golden, made);
    if (!made) continue;
    const auto again = read_chat_request(*made);
    ASSERT_TRUE(again.has_value()) << golden.name << ": " << again.error().message;
    EXPECT_EQ(again->stream, request->stream);
    EXPECT_EQ(again->include_usage, request->stream);
    EXPECT_EQ(again->output_tokens_max(), request->output_tokens_max());
    EXPECT_EQ(again->needs.images, request->needs.images) << golden.name;
    EXPECT_EQ(again->needs.tools, request->needs.tools) << golden.name;
    EXPECT_EQ(again->needs.json_schema, request->needs.json_schema) << golden.name;
    EXPECT_FALSE(again->needs.hosted_fees) << golden.name;
  }
}

TEST(Golden, ResponsesBecomeChats) {
  for (const Golden& golden : goldens("responses_to_chat", ".in.json")) {
    const auto request = read_responses_request(golden.input);
    ASSERT_TRUE(request.has_value()) << golden.name << ": " << request.error().message;
    const std::string field = golden.option("max_tokens_field", "max_tokens");
    const bool carried = golden.option("reasoning", "dropped") == "carried";
    const auto made = chat_from_responses(
        *request, golden.input,
        {.upstream_model = "upstream",
         .max_tokens_field = field,
         .max_tokens = golden.number("max_tokens"),
         .reasoning = carried ? ReasoningItems::kCarried : ReasoningItems::kDropped});
    expect_json(golden, made);
    if (!made) continue;
    const auto again = read_chat_request(*made);
    ASSERT_TRUE(again.has_value()) << golden.name << ": " << again.error().message;
    EXPECT_EQ(again->stream, request->stream);
    EXPECT_EQ(again->include_usage, request->stream);
    EXPECT_EQ(again->output_tokens_max(),
              request->max_tokens ? request->max_tokens : golden.number("max_tokens"));
    EXPECT_EQ(again->needs.images, request->needs.images) << golden.name;
    EXPECT_EQ(again->needs.tools, request->needs.tools) << golden.name;
    EXPECT_EQ(again->needs.json_schema, request->needs.json_schema) << golden.name;
    EXPECT_FALSE(again->needs.hosted_fees) << golden.name;
  }
}

// As the gateway does: what it cannot read is not translated.
TEST(Golden, MessagesBecomeCompletions) {
  for (const Golden& golden : goldens("message_to_completion", ".in.json")) {
    const auto answer = read_anthropic_answer(golden.input);
    if (!answer) {
      expect_json(golden, std::unexpected(answer.error()));
      continue;
    }
    const auto made = completion_from_message(
        golden.input,
        {.public_model = kPublicModel, .created = kCreated, .tokens = answer->usage.tokens});
    expect_json(golden, made);
    const auto again = read_openai_answer(made.value_or(""));
    ASSERT_TRUE(again.has_value()) << golden.name;
    EXPECT_EQ(again->usage.tokens.input, answer->usage.tokens.input) << golden.name;
    EXPECT_EQ(again->usage.tokens.output, answer->usage.tokens.output) << golden.name;
    EXPECT_EQ(again->id, answer->id);
  }
}

TEST(Golden, CompletionsBecomeMessages) {
  for (const Golden& golden : goldens("completion_to_message", ".in.json")) {
    const auto answer = read_openai_answer(golden.input);
    if (!answer) {
      expect_json(golden, std::unexpected(answer.error()));
      continue;
    }
    const auto made = message_from_completion(
        golden.input, {.public_model = kPublicModel, .tokens = answer->usage.tokens});
    expect_json(golden, made);
    if (!made) continue;
    const auto again = read_anthropic_answer(*made);
    ASSERT_TRUE(again.has_value()) << golden.name;
    EXPECT_EQ(again->usage.tokens, answer->usage.tokens) << golden.name;
    EXPECT_EQ(again->id, answer->id);
  }
}

TEST(Golden, CompletionsBecomeResponses) {
  for (const Golden& golden : goldens("completion_to_response", ".in.json")) {
    const auto answer = read_openai_answer(golden.input);
    ASSERT_TRUE(answer.has_value()) << golden.name;
    const std::string request = golden.expected(".request.json");
    const auto made = response_from_completion(
        golden.input, {.terms = response_terms(request), .tokens = answer->usage.tokens});
    expect_json(golden, made);
  }
}

// --- streams ---

std::vector<std::string> payloads_of(std::string_view stream) {
  std::vector<std::string> payloads;
  constexpr std::string_view kData = "data: ";
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t end = std::min(stream.find('\n', at), stream.size());
    const std::string_view line = stream.substr(at, end - at);
    if (line.starts_with(kData)) payloads.emplace_back(line.substr(kData.size()));
    at = end + 1;
  }
  return payloads;
}

// A stream relayed as the gateway does, and below it, as a comment, what was metered.
struct Replay {
  ContentCount content;
  ContentCount unreported;
  ReportedUsage usage;
  std::int64_t reported_output = 0;
  bool finished = false;
  bool bounded = false;
  std::string out;

  void count(const StreamFacts& facts) {
    content.add(facts.content);
    unreported.add(facts.content);
    finished |= facts.done || facts.finish_reason;
    if (facts.usage.state == UsageState::kAbsent) return;
    usage = facts.usage;
    if (facts.opening_usage || !believable_usage(usage, content)) return;
    reported_output = usage.tokens.output;
    unreported = {};
  }
  std::string summary() const {
    const TokenUsage& tokens = usage.tokens;
    std::string text =
        fmt::format(": {} deltas, {} bytes, usage ", content.deltas, content.text_bytes);
    if (usage.state != UsageState::kReported) return text + "unknown\n";
    return text + fmt::format("input {} (cached {}, written {} and {}), output {} (reasoning {})\n",
                              tokens.input, tokens.cached_input, tokens.cache_write,
                              tokens.cache_write_1h, tokens.output, tokens.reasoning_output);
  }
};

std::string replay(const Golden& golden, ClientStream& stream) {
  Replay replay;
  const std::optional<std::int64_t> output_max = golden.number("output_max");
  for (const std::string& payload : payloads_of(golden.input)) {
    const Result<StreamFacts> facts = stream.read(payload);
    if (!facts) {
      EXPECT_EQ(facts.error().code, ErrorCode::kProviderError);
      return replay.out + ": refused, " + facts.error().detail + "\n";
    }
    if (facts->error) return replay.out + ": error, " + openai_error_message(payload) + "\n";
    replay.count(*facts);
    if (facts->done) break;
    const std::int64_t counted =
        counted_output(replay.unreported.deltas, replay.unreported.text_bytes);
    replay.bounded = output_max && counted > *output_max - replay.reported_output &&
                     !(facts->finish_reason && facts->content.deltas == 0);
    if (replay.bounded) break;
    stream.append(replay.out);
  }
  if (!replay.finished && !replay.bounded) return replay.out + ": broke off\n";
  TokenUsage tokens = replay.usage.tokens;
  if (replay.usage.state != UsageState::kReported) tokens = {.input = 7, .output = 2};
  stream.append_ending(replay.out, {.end = replay.bounded ? StreamEnd::kBounded : StreamEnd::kWhole,
                                    .tokens = tokens,
                                    .cost = "0.0012"});
  return replay.out + replay.summary();
}

void expect_stream(const Golden& golden, std::string_view suffix, ClientStream& stream) {
  const std::string made = replay(golden, stream);
  EXPECT_EQ(golden.expected(suffix), made) << golden.name;
}

TEST(Golden, StreamedMessagesAreRelayed) {
  for (const Golden& golden : goldens("message_stream", ".in.sse")) {
    MessageStream stream(kPublicModel);
    expect_stream(golden, ".messages.sse", stream);
  }
}

TEST(Golden, StreamedMessagesBecomeChunks) {
  for (const Golden& golden : goldens("message_stream", ".in.sse")) {
    const bool hidden = golden.option("usage", "asked") == "hidden";
    ChunksFromMessages stream({.public_model = kPublicModel,
                               .created = kCreated,
                               .usage = hidden ? UsageWish::kHidden : UsageWish::kAsked});
    expect_stream(golden, ".chunks.sse", stream);
  }
}

TEST(Golden, ChunksBecomeStreamedMessages) {
  for (const Golden& golden : goldens("chunk_stream", ".in.sse")) {
    MessagesFromChunks stream(kPublicModel);
    expect_stream(golden, ".messages.sse", stream);
  }
}

TEST(Golden, ChunksBecomeStreamedResponses) {
  for (const Golden& golden : goldens("chunk_stream", ".in.sse")) {
    ResponseFromChunks stream(response_terms({}));
    expect_stream(golden, ".response.sse", stream);
  }
}

TEST(Golden, StreamedResponsesAreRelayed) {
  for (const Golden& golden : goldens("response_stream", ".in.sse")) {
    ResponseStream stream(kPublicModel);
    expect_stream(golden, ".response.sse", stream);
  }
}

TEST(Golden, StreamedMessagesBecomeResponses) {
  for (const Golden& golden : goldens("message_stream", ".in.sse")) {
    ResponseFromMessages stream(response_terms({}));
    expect_stream(golden, ".response.sse", stream);
  }
}

}  // namespace
}  // namespace tollgate
