#include "dialects/sandbox.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/json.h"
#include "dialects/openai_answer.h"
#include "dialects/openai_chunk.h"
#include "dialects/sandbox_text.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;

SandboxScript play(std::string_view model, const std::string& members,
                   CompletionKind kind = CompletionKind::kChat) {
  const std::string input = kind == CompletionKind::kChat
                                ? R"("messages":[{"role":"system","content":"be brief"},)"
                                  R"({"role":"user","content":"say \u00e9"}])"
                                : R"("prompt":"say \u00e9")";
  const std::string body =
      R"({"model":"m",)" + input + (members.empty() ? "" : ",") + members + "}";
  const auto request =
      kind == CompletionKind::kChat ? read_chat_request(body) : read_completion_request(body);
  EXPECT_TRUE(request.has_value()) << body;
  if (!request) return {};
  return make_sandbox_script(*request, body,
                             {.behaviour = sandbox_behaviour(model),
                              .model = "acme/large",
                              .id = "chatcmpl-7",
                              .created = 12});
}

std::string whole(const SandboxScript& script) {
  std::string out;
  for (const SandboxStep& step : script.steps) out += step.bytes;
  return out;
}

std::string text_of(const json::value& value) { return std::string(value.as_string()); }

// What a client of the stream puts together.
struct Played {
  std::vector<std::string> texts;  // by choice
  std::vector<std::string> finish;
  ContentCount content;
  ReportedUsage usage;
  bool done = false;
  milliseconds total{0};
};

Played follow(const SandboxScript& script) {
  Played out;
  for (const SandboxStep& step : script.steps) {
    out.total += step.delay;
    EXPECT_TRUE(step.bytes.starts_with("data: ") && step.bytes.ends_with("\n\n")) << step.bytes;
    const std::string payload = step.bytes.substr(6, step.bytes.size() - 8);
    const auto chunk = read_openai_chunk(payload);
    EXPECT_TRUE(chunk.has_value()) << payload;
    if (!chunk || chunk->done) {
      out.done = chunk.has_value();
      continue;
    }
    out.content.add(chunk->content);
    if (chunk->usage_only()) out.usage = chunk->usage;
    const json::value parsed = json::parse(payload);
    for (const json::value& choice : parsed.at("choices").as_array()) {
      const auto index = static_cast<std::size_t>(choice.at("index").as_int64());
      if (out.texts.size() <= index) out.texts.resize(index + 1);
      if (const json::value* text = choice.as_object().if_contains("text")) {
        out.texts[index] += text->as_string();
      } else if (choice.at("delta").as_object().contains("content")) {
        out.texts[index] += choice.at("delta").at("content").as_string();
      }
      if (choice.at("finish_reason").is_string()) {
        out.finish.emplace_back(choice.at("finish_reason").as_string());
      }
    }
  }
  return out;
}

TEST(Sandbox, KnowsItsModelsByNameAndById) {
  EXPECT_EQ(kSandboxModels.size(), 9U);
  for (const SandboxModel& model : kSandboxModels) {
    EXPECT_EQ(sandbox_behaviour(model.name), model.behaviour);
    EXPECT_EQ(sandbox_behaviour("sandbox/" + std::string(model.name)), model.behaviour);
  }
  EXPECT_EQ(sandbox_behaviour("openai/gpt-4o"), SandboxBehaviour::kLorem);
}

TEST(Sandbox, EchoAnswersWithTheLastUserMessage) {
  const SandboxScript script = play("echo", "");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.content_type, "application/json");
  EXPECT_EQ(script.ending, SandboxEnding::kComplete);
  const std::string body = whole(script);
  EXPECT_EQ(
      body,
      R"({"id":"chatcmpl-7","object":"chat.completion","created":12,"model":"acme/large",)"
      R"("choices":[{"index":0,"message":{"role":"assistant","content":"say é","refusal":null},)"
      R"("logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":7,)"
      R"("completion_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":0},)"
      R"("completion_tokens_details":{"reasoning_tokens":0}}})");
  const auto answer = read_openai_answer(body);
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(believable_usage(answer->usage, answer->content).has_value());
}

TEST(Sandbox, EchoReadsTextParts) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a b"},)"
      R"({"type":"image_url","image_url":{"url":"data:x"}}]},{"role":"assistant","content":"no"}]})";
  const auto request = read_chat_request(body);
  ASSERT_TRUE(request.has_value());
  const auto script = make_sandbox_script(
      *request, body, {.behaviour = SandboxBehaviour::kEcho, .model = "m", .id = "i"});
  const json::value answer = json::parse(whole(script));
  EXPECT_EQ(text_of(answer.at("choices").at(0).at("message").at("content")), "a b");
}

TEST(Sandbox, TextCompletionsHaveTheirOwnShape) {
  const json::value body = json::parse(whole(play("echo", "", CompletionKind::kText)));
  EXPECT_EQ(text_of(body.at("object")), "text_completion");
  EXPECT_EQ(text_of(body.at("choices").at(0).at("text")), "say é");
  const Played streamed = follow(play("echo", R"("stream":true)", CompletionKind::kText));
  EXPECT_EQ(streamed.texts, std::vector<std::string>{"say é"});
}

TEST(Sandbox, LoremSaysTheSameEveryTimeStreamedOrNot) {
  const auto answer = json::parse(whole(play("lorem", "")));
  const Played streamed = follow(play("lorem", R"("stream":true)"));
  ASSERT_EQ(streamed.texts.size(), 1U);
  EXPECT_EQ(streamed.texts[0], lorem_text());
  EXPECT_EQ(text_of(answer.at("choices").at(0).at("message").at("content")), streamed.texts[0]);
  EXPECT_EQ(streamed.finish, std::vector<std::string>{"stop"});
  EXPECT_TRUE(streamed.done);
  EXPECT_EQ(streamed.total, milliseconds(0));
}

TEST(Sandbox, CountsHonestly) {
  const Played streamed = follow(play("lorem", R"("stream":true,"n":3)"));
  ASSERT_EQ(streamed.usage.state, UsageState::kReported);
  EXPECT_EQ(streamed.usage.tokens.output, 3 * sandbox_tokens(lorem_text()));
  EXPECT_EQ(streamed.usage.tokens.output, streamed.content.deltas);
  EXPECT_EQ(streamed.usage.tokens.input, 2 + sandbox_tokens("be brief") + sandbox_tokens("say é"));
  const auto answer = json::parse(whole(play("lorem", R"("n":3)")));
  EXPECT_EQ(answer.at("usage").at("completion_tokens").as_int64(), streamed.usage.tokens.output);
}

TEST(Sandbox, HonoursMaxTokensAndSaysLength) {
  for (const char* members : {R"("max_tokens":5)", R"("max_completion_tokens":5)",
                              R"("max_tokens":5,"max_completion_tokens":9)"}) {
    const Played streamed = follow(play("lorem", members + std::string(R"(,"stream":true)")));
    EXPECT_EQ(streamed.usage.tokens.output, 5);
    EXPECT_EQ(sandbox_tokens(streamed.texts.at(0)), 5);
    EXPECT_TRUE(lorem_text().starts_with(streamed.texts[0]));
    EXPECT_EQ(streamed.finish, std::vector<std::string>{"length"});
  }
  const std::int64_t all = sandbox_tokens(lorem_text());
  const Played exact =
      follow(play("lorem", R"("stream":true,"max_tokens":)" + std::to_string(all)));
  EXPECT_EQ(exact.finish, std::vector<std::string>{"stop"});
}

TEST(Sandbox, GivesAsManyChoicesAsAskedFor) {
  EXPECT_EQ(json::parse(whole(play("echo", R"("n":128)"))).at("choices").as_array().size(), 128U);
  const Played streamed = follow(play("echo", R"("n":2,"stream":true)"));
  EXPECT_EQ(streamed.texts, (std::vector<std::string>{"say é", "say é"}));
  EXPECT_EQ(streamed.finish.size(), 2U);
}

TEST(Sandbox, SlowTakesItsTimeAndNoMore) {
  const Played streamed = follow(play("slow", R"("stream":true,"max_tokens":11)"));
  EXPECT_EQ(streamed.total, kSlowFirstToken + 10 * kSlowPerToken);
  const SandboxScript script = play("slow", R"("max_tokens":11)");
  EXPECT_EQ(script.steps.at(0).delay, streamed.total);
  EXPECT_LT(follow(play("slow", R"("stream":true)")).total, std::chrono::seconds(10));
}

TEST(Sandbox, FailsAsItsModelsSay) {
  const SandboxScript refused = play("error-429", R"("stream":true)");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.content_type, "application/json");
  EXPECT_EQ(refused.fields,
            (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
  EXPECT_NE(openai_error_message(whole(refused)), "");
  const SandboxScript failed = play("error-500", "");
  EXPECT_EQ(failed.status, 500);
  EXPECT_NE(openai_error_message(whole(failed)), "");
  const SandboxScript hung = play("hang", "");
  EXPECT_EQ(hung.ending, SandboxEnding::kHang);
  EXPECT_TRUE(hung.steps.empty());
}

TEST(Sandbox, CutStreamBreaksMidway) {
  const SandboxScript script = play("cut-stream", R"("stream":true)");
  EXPECT_EQ(script.ending, SandboxEnding::kCut);
  const Played streamed = follow(script);
  EXPECT_FALSE(streamed.done);
  EXPECT_GT(streamed.content.deltas, 1);
  EXPECT_LT(streamed.texts.at(0).size(), lorem_text().size());
  const SandboxScript answer = play("cut-stream", "");
  EXPECT_EQ(answer.ending, SandboxEnding::kCut);
  EXPECT_FALSE(read_openai_answer(whole(answer)).has_value());
}

TEST(Sandbox, NoUsageSaysNone) {
  const Played streamed = follow(play("no-usage", R"("stream":true)"));
  EXPECT_EQ(streamed.usage.state, UsageState::kAbsent);
  EXPECT_TRUE(streamed.done);
  EXPECT_EQ(read_openai_answer(whole(play("no-usage", "")))->usage.state, UsageState::kAbsent);
}

TEST(Sandbox, OverrunReportsMoreThanMaxTokens) {
  const Played streamed = follow(play("overrun", R"("stream":true,"max_tokens":5,"n":2)"));
  EXPECT_GT(streamed.usage.tokens.output, 5 * 2);
  EXPECT_EQ(streamed.content.deltas, 5 * 2);
  EXPECT_GT(
      read_openai_answer(whole(play("overrun", R"("max_tokens":100000)")))->usage.tokens.output,
      100'000);
}

TEST(Sandbox, HonoursTheLimitThatTheGatewaySetWhereTheClientSetNone) {
  for (const auto& [members, tokens] : {std::pair("", 5), std::pair(R"(,"max_tokens":3)", 3)}) {
    const std::string body =
        std::string(R"({"model":"m","messages":[{"role":"user","content":"hi"}])") + members + "}";
    const SandboxScript script = make_sandbox_script(*read_chat_request(body), body,
                                                     {.model = "m", .id = "i", .output_limit = 5});
    EXPECT_EQ(read_openai_answer(whole(script))->usage.tokens.output, tokens);
  }
}

TEST(Sandbox, ALongEchoIsBounded) {
  const std::string text(1'000'000, 'x');
  const std::string body =
      R"({"model":"m","n":128,"stream":true,"messages":[{"role":"user","content":")" + text +
      "\"}]}";
  const auto request = read_chat_request(body);
  ASSERT_TRUE(request.has_value());
  const auto script = make_sandbox_script(
      *request, body, {.behaviour = SandboxBehaviour::kEcho, .model = "m", .id = "i"});
  EXPECT_LE(script.steps.size(), 17'000U);
}

TEST(SandboxText, PiecesJoinToTheTextAndSplitNoCharacter) {
  for (const std::string& text :
       {std::string(""), std::string("a"), std::string("   "), std::string("one two  three\n"),
        std::string("漢字漢字漢字 é\U0001F600"), std::string(100, ' '),
        std::string(lorem_text())}) {
    std::string joined;
    for (std::string_view piece : sandbox_pieces(text)) {
      EXPECT_NE(piece.front() & 0xC0, 0x80) << "starts within a character";
      EXPECT_LE(piece.size(), 16U);
      joined += piece;
    }
    EXPECT_EQ(joined, text);
    EXPECT_EQ(sandbox_tokens(text), static_cast<std::int64_t>(sandbox_pieces(text).size()));
  }
  EXPECT_EQ(sandbox_tokens("This is fine"), 3);
  EXPECT_EQ(sandbox_tokens("wonderful"), 3);
}

// SPEC §5 rule 4: a provider that honours max_tokens is never cut.
TEST(SandboxText, TheCountOfAStreamNeverExceedsItsTokens) {
  for (const std::string& text :
       {std::string(5000, ' '), std::string(5000, 'x'), std::string(lorem_text()),
        std::string("漢字漢字漢字漢字漢字漢字漢字")}) {
    const auto pieces = static_cast<std::int64_t>(sandbox_pieces(text).size());
    EXPECT_LE(counted_output(pieces, static_cast<std::int64_t>(text.size())), pieces);
  }
}

}  // namespace
}  // namespace tollgate
