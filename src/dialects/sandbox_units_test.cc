#include "dialects/sandbox_units.h"

#include <gtest/gtest.h>

#include <string>

#include "dialects/transcription_request.h"
#include "dialects/unit_answer.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

using Reader = Result<ChatRequest> (*)(std::string_view);

SandboxScript script_of(Reader read, const std::string& body,
                        SandboxBehaviour behaviour = SandboxBehaviour::kLorem) {
  const auto request = read(body);
  EXPECT_TRUE(request.has_value()) << body;
  if (!request) return {};
  return make_unit_script(*request, body, {.behaviour = behaviour, .model = "a/m", .id = "id"});
}

std::string bytes_of(const SandboxScript& script) {
  std::string bytes;
  for (const SandboxStep& step : script.steps) bytes += step.bytes;
  return bytes;
}

UnitAnswer answer_of(CompletionKind kind, const SandboxScript& script) {
  EXPECT_EQ(script.status, 200);
  const std::string body = bytes_of(script);
  ChatRequest request;
  request.kind = kind;
  const auto answer = read_unit_answer(request, body);
  EXPECT_TRUE(answer.has_value()) << body << (answer ? "" : answer.error().detail);
  return answer.value_or(UnitAnswer{});
}

struct Route {
  CompletionKind kind;
  Reader read;
  std::string body;
};

const std::array<Route, 4>& routes() {
  static const std::array<Route, 4> all = {
      {{CompletionKind::kEmbeddings, read_embeddings_request,
        R"({"model":"m","input":["one two","three"]})"},
       {CompletionKind::kModerations, read_moderations_request, R"({"model":"m","input":"a"})"},
       {CompletionKind::kRerank, read_rerank_request,
        R"({"model":"m","query":"fox","documents":["a cow","a fox"]})"},
       {CompletionKind::kImages, read_images_request, R"({"model":"m","prompt":"p","n":3})"}}};
  return all;
}

TEST(SandboxUnits, AnswersAreWhatAProviderWouldSayAndNeverDiffer) {
  for (const Route& route : routes()) {
    const SandboxScript script = script_of(route.read, route.body);
    answer_of(route.kind, script);
    EXPECT_EQ(bytes_of(script), bytes_of(script_of(route.read, route.body)));
  }
}

TEST(SandboxUnits, UsageIsHonest) {
  const auto usage = [](const Route& route, SandboxBehaviour behaviour) {
    return answer_of(route.kind, script_of(route.read, route.body, behaviour)).usage.tokens;
  };
  EXPECT_EQ(usage(routes()[0], SandboxBehaviour::kLorem).tokens.input,
            sandbox_tokens("one two") + sandbox_tokens("three"));
  EXPECT_EQ(usage(routes()[3], SandboxBehaviour::kLorem).tokens.output, 3 * 64);
  EXPECT_EQ(usage(routes()[3], SandboxBehaviour::kOverrun).tokens.output, 3 * 64 + 100);
  for (const Route& route : routes()) {
    EXPECT_EQ(usage(route, SandboxBehaviour::kNoUsage).state, UsageState::kAbsent);
  }
}

TEST(SandboxUnits, ImagesAreAsManyAsWereAskedFor) {
  EXPECT_EQ(
      answer_of(CompletionKind::kImages, script_of(routes()[3].read, routes()[3].body)).images, 3);
}

TEST(SandboxUnits, WhatAScriptHoldsIsBounded) {
  const auto status = [](const std::string& members) {
    return script_of(read_embeddings_request, R"({"model":"m",)" + members + "}").status;
  };
  std::string inputs = R"("input":["a")";
  for (int i = 1; i < 64; ++i) inputs += R"(,"a")";
  EXPECT_EQ(status(inputs + R"(],"dimensions":4096)"), 200);
  EXPECT_EQ(status(inputs + R"(,"a"],"dimensions":4096)"), 400);
  EXPECT_EQ(status(R"("input":"a","dimensions":4097)"), 400);
  EXPECT_EQ(status(R"("input":"a","dimensions":0)"), 400);
  const SandboxScript speech =
      script_of(read_speech_request,
                R"({"model":"m","voice":"v","input":")" + std::string(9'999, 'x') + "\"}");
  EXPECT_EQ(bytes_of(speech).size(), 44U + 10 * 8'000 * 2);
}

TEST(SandboxUnits, EveryRouteFailsAsTheModelsNameSays) {
  for (const Route& route : routes()) {
    EXPECT_EQ(script_of(route.read, route.body, SandboxBehaviour::kError429).status, 429);
    EXPECT_EQ(script_of(route.read, route.body, SandboxBehaviour::kError500).status, 500);
    EXPECT_EQ(script_of(route.read, route.body, SandboxBehaviour::kHang).ending,
              SandboxEnding::kHang);
    const SandboxScript cut = script_of(route.read, route.body, SandboxBehaviour::kCutStream);
    EXPECT_EQ(cut.ending, SandboxEnding::kCut);
    EXPECT_LT(bytes_of(cut).size(), bytes_of(script_of(route.read, route.body)).size());
  }
}

TEST(SandboxUnits, ATranscriptStreamsToItsEnd) {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n"
      "--b\r\nContent-Disposition: form-data; name=stream\r\n\r\ntrue\r\n"
      "--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\nxyz\r\n--b--\r\n";
  const auto request = read_transcription_request(body, "multipart/form-data; boundary=b");
  ASSERT_TRUE(request.has_value());
  const SandboxScript script = make_unit_script(*request, body, {.model = "a/m", .id = "id"});
  EXPECT_EQ(script.content_type, "text/event-stream");
  const std::string& last = script.steps.back().bytes;
  const auto event = read_unit_event(last.substr(6, last.size() - 8));
  ASSERT_TRUE(event.has_value());
  EXPECT_TRUE(event->last);
  EXPECT_GT(event->usage.tokens.tokens.audio_input, 0);
}

}  // namespace
}  // namespace tollgate
