#include "dialects/chat_request.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "dialects/splice.h"

namespace tollgate {
namespace {

constexpr std::string_view kMessages = R"("messages":[{"role":"user","content":"hi"}])";

std::string chat(const std::string& members) {
  return R"({"model":"acme/large",)" + std::string(kMessages) + (members.empty() ? "" : ",") +
         members + "}";
}

Error refused(const std::string& body) {
  const auto request = read_chat_request(body);
  EXPECT_FALSE(request.has_value()) << body;
  return request ? Error{} : request.error();
}

void expect_refused(const std::string& body, ErrorCode code, std::string_view param) {
  const Error error = refused(body);
  EXPECT_EQ(error.code, code) << body << ": " << error.message;
  EXPECT_EQ(error.param.value_or(""), param) << body;
}

TEST(ChatRequest, ReadsEveryPolicyMember) {
  const std::string body =
      chat(R"("stream":true,"stream_options":{"include_usage":true},"max_tokens":7,)"
           R"("max_completion_tokens":9,"n":2,"best_of":3,"route":{"region":"eu-west"})");
  const auto request = read_chat_request(body);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->model, "acme/large");
  EXPECT_TRUE(request->stream);
  EXPECT_TRUE(request->include_usage);
  EXPECT_EQ(request->max_tokens, 7);
  EXPECT_EQ(request->max_completion_tokens, 9);
  EXPECT_EQ(request->output_tokens_max(), 9);
  EXPECT_EQ(request->n, 2);
  EXPECT_EQ(request->best_of, 3);
  EXPECT_EQ(request->route.region, "eu-west");
  EXPECT_EQ(request->model_value.in(body), R"("acme/large")");
  EXPECT_EQ(request->stream_options_value->in(body), R"({"include_usage":true})");
  EXPECT_EQ(request->include_usage_value->in(body), "true");
  EXPECT_EQ(request->route_member->in(body), R"(,"route":{"region":"eu-west"})");
}

TEST(ChatRequest, DefaultsHoldWhereMembersAreAbsentOrNull) {
  for (const char* members :
       {"", R"("stream":null,"stream_options":null,"max_tokens":null,)"
            R"("max_completion_tokens":null,"n":null,"best_of":null,"route":null)"}) {
    const auto request = read_chat_request(chat(members));
    ASSERT_TRUE(request.has_value()) << request.error().message;
    EXPECT_FALSE(request->stream);
    EXPECT_FALSE(request->include_usage);
    EXPECT_EQ(request->output_tokens_max(), std::nullopt);
    EXPECT_EQ(request->n, 1);
    EXPECT_EQ(request->best_of, 1);
    EXPECT_EQ(request->route.region, "");
  }
}

TEST(ChatRequest, ReadsNamesAndValuesInEscapedSpelling) {
  const auto request = read_chat_request(
      R"({"mod\u0065l":"acme\/l\u0061rge","m\u0065ssages":[{"r\u006fle":"user"}],"str\u0065am":true})");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->model, "acme/large");
  EXPECT_TRUE(request->stream);
}

TEST(ChatRequest, RefusesDuplicatesOfPolicyMembersInAnySpelling) {
  struct Case {
    const char* name;
    const char* value;
  };
  for (const Case& one :
       {Case{"stream", "true"}, Case{"stream_options", "{}"}, Case{"max_tokens", "1"},
        Case{"max_completion_tokens", "1"}, Case{"n", "1"}, Case{"best_of", "1"},
        Case{"echo", "true"}, Case{"route", "{}"}, Case{"prompt", "1"}, Case{"model", R"("m")"},
        Case{"messages", R"([{"role":"user"}])"}}) {
    const std::string name = one.name;
    const std::string spelled = name.substr(0, name.size() - 1) +
                                fmt::format("\\u{:04x}", static_cast<unsigned>(name.back()));
    for (const std::string& second : {name, spelled}) {
      const bool there_already = name == "model" || name == "messages";
      const std::string member = std::string("\"") + name + "\":" + one.value;
      const std::string again = "\"" + second + "\":" + one.value;
      expect_refused(chat(there_already ? again : member + "," + again), ErrorCode::kInvalidRequest,
                     name);
    }
  }
  expect_refused(chat(R"("stream_options":{"include_usage":true,"include_us\u0061ge":false})"),
                 ErrorCode::kInvalidRequest, "stream_options.include_usage");
  expect_refused(chat(R"("route":{"region":"a","r\u0065gion":"b"})"), ErrorCode::kInvalidRequest,
                 "route");
}

TEST(ChatRequest, TheProviderChoosesNoOtherModel) {
  expect_refused(chat(R"("models":["a/b","c/d"])"), ErrorCode::kInvalidRequest, "models");
  expect_refused(chat(R"("m\u006fdels":["a/b"])"), ErrorCode::kInvalidRequest, "models");
  expect_refused(chat(R"("fallbacks":["c/d"])"), ErrorCode::kInvalidRequest, "fallbacks");
  EXPECT_TRUE(read_chat_request(chat(R"("models":null,"fallbacks":null)")));
}

TEST(ChatRequest, ADearerTierOfServiceBringsFees) {
  const auto fees = [](const std::string& tier) {
    return read_chat_request(chat("\"service_tier\":" + tier)).value().needs.hosted_fees;
  };
  for (const char* ordinary : {"null", R"("auto")", R"("default")", R"("flex")", R"("standard")"}) {
    EXPECT_FALSE(fees(ordinary)) << ordinary;
  }
  for (const char* dearer : {R"("priority")", R"("fast")", "1", "{}"}) {
    EXPECT_TRUE(fees(dearer)) << dearer;
  }
}

TEST(ChatRequest, ModelMayBeAbsentNullOrEmptyWhereItIsOptional) {
  const std::string tail = std::string(kMessages) + "}";
  for (const std::string head : {R"({)", R"({"model":null,)", R"({"model":"",)"}) {
    const auto request = read_chat_request(head + tail, ModelMember::kOptional);
    ASSERT_TRUE(request.has_value()) << head;
    EXPECT_EQ(request->model, "");
    EXPECT_FALSE(read_chat_request(head + tail).has_value());
  }
  EXPECT_FALSE(read_chat_request("{\"model\":7," + tail, ModelMember::kOptional).has_value());
  EXPECT_EQ(read_chat_request("{\"model\":\"a/b\"," + tail, ModelMember::kOptional)->model, "a/b");
}

TEST(ChatRequest, CarriesUnknownMembersEvenRepeatedOnes) {
  const auto request = read_chat_request(
      chat(R"("x":1,"x":{"model":"other","stream":true},"metadata":{"n":"a","n":"b"})"));
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->model, "acme/large");
  EXPECT_FALSE(request->stream);
}

TEST(ChatRequest, RefusesWrongTypesNamingTheMember) {
  struct Case {
    const char* member;
    const char* param;
  };
  for (const Case& one :
       {Case{R"("stream":"true")", "stream"}, Case{R"("stream":1)", "stream"},
        Case{R"("stream_options":[])", "stream_options"},
        Case{R"("stream_options":{"include_usage":1})", "stream_options.include_usage"},
        Case{R"("max_tokens":"5")", "max_tokens"}, Case{R"("max_tokens":5.0)", "max_tokens"},
        Case{R"("max_tokens":0)", "max_tokens"}, Case{R"("max_tokens":-1)", "max_tokens"},
        Case{R"("max_tokens":99999999999999999999)", "max_tokens"},
        Case{R"("max_completion_tokens":{})", "max_completion_tokens"}, Case{R"("n":0)", "n"},
        Case{R"("n":129)", "n"}, Case{R"("n":true)", "n"}, Case{R"("best_of":129)", "best_of"},
        Case{R"("best_of":1.5)", "best_of"}, Case{R"("route":"eu")", "route"},
        Case{R"("route":{"region":5})", "route.region"},
        Case{R"("route":{"region":""})", "route.region"},
        Case{R"("route":{"regoin":"eu"})", "route.regoin"}}) {
    expect_refused(chat(one.member), ErrorCode::kInvalidRequest, one.param);
  }
}

TEST(ChatRequest, TakesFiguresAtTheirBounds) {
  const auto request = read_chat_request(chat(R"("n":128,"best_of":128,"max_tokens":1)"));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->n, kChoicesMax);
  EXPECT_EQ(request->max_tokens, 1);
}

TEST(ChatRequest, ModelMustBeThereAndBeAnId) {
  expect_refused("{" + std::string(kMessages) + "}", ErrorCode::kInvalidRequest, "model");
  expect_refused(R"({"model":5,)" + std::string(kMessages) + "}", ErrorCode::kInvalidRequest,
                 "model");
  expect_refused(R"({"model":null,)" + std::string(kMessages) + "}", ErrorCode::kInvalidRequest,
                 "model");
  expect_refused(R"({"model":"",)" + std::string(kMessages) + "}", ErrorCode::kInvalidModel,
                 "model");
  expect_refused(R"({"model":"a\nb",)" + std::string(kMessages) + "}", ErrorCode::kInvalidModel,
                 "model");
  const std::string longest(kModelLengthMax, 'a');
  EXPECT_TRUE(read_chat_request(R"({"model":")" + longest + "\"," + std::string(kMessages) + "}"));
  expect_refused(R"({"model":"a)" + longest + "\"," + std::string(kMessages) + "}",
                 ErrorCode::kInvalidModel, "model");
}

TEST(ChatRequest, MessagesMustBeObjectsWithARole) {
  const auto with = [](const std::string& messages) {
    return R"({"model":"m","messages":)" + messages + "}";
  };
  expect_refused(R"({"model":"m"})", ErrorCode::kInvalidMessageFormat, "messages");
  expect_refused(with("[]"), ErrorCode::kInvalidMessageFormat, "messages");
  expect_refused(with("null"), ErrorCode::kInvalidMessageFormat, "messages");
  expect_refused(with(R"("hi")"), ErrorCode::kInvalidMessageFormat, "messages");
  expect_refused(with(R"(["hi"])"), ErrorCode::kInvalidMessageFormat, "messages[0]");
  expect_refused(with(R"([{"role":"user"},{"role":"user"},{"role":7}])"),
                 ErrorCode::kInvalidMessageFormat, "messages[2].role");
  expect_refused(with(R"([{"content":"hi"}])"), ErrorCode::kInvalidMessageFormat,
                 "messages[0].role");
}

TEST(ChatRequest, MalformedJsonGoesBeforeEveryOtherFault) {
  for (const std::string& body :
       {std::string(""), std::string("{"), chat("") + "x", chat(R"("x":tru)"), chat(R"("x":"\q")"),
        chat("\"x\":\"\xff\""), chat(R"("n":"wrong","x":[1,])"),
        std::string(R"({"messages":[5],"model":"m"}})"), std::string(R"({"messages":[}})")}) {
    const Error error = refused(body);
    EXPECT_EQ(error.code, ErrorCode::kInvalidRequest) << body;
    EXPECT_NE(error.message.find("not valid JSON"), std::string::npos) << error.message;
  }
}

TEST(ChatRequest, ADocumentThatIsNoObjectIsRefused) {
  for (const char* body : {"[]", "1", "null", R"("model")"}) {
    EXPECT_EQ(refused(body).message, "The request body must be a JSON object.");
  }
}

TEST(ChatRequest, HoldsNestingAtItsBound) {
  const auto deep = [](int levels) {
    return chat("\"x\":" + std::string(levels, '[') + std::string(levels, ']'));
  };
  EXPECT_TRUE(read_chat_request(deep(kRequestDepthMax - 1)));
  EXPECT_FALSE(read_chat_request(deep(kRequestDepthMax)));
  EXPECT_FALSE(read_chat_request(deep(1'000'000)));
}

TEST(CompletionRequest, TakesEveryShapeOfPrompt) {
  for (const char* prompt : {R"("")", R"("hi")", R"(["a","b"])", "[1,2]", "[[1,2],[3]]"}) {
    EXPECT_TRUE(read_completion_request(R"({"model":"m","prompt":)" + std::string(prompt) + "}"))
        << prompt;
  }
}

TEST(CompletionRequest, RefusesOtherPrompts) {
  for (const char* prompt : {"[]", "null", "5", "{}", R"(["a",1])", "[1.5]", "[[]]", R"([["a"]])",
                             "[true]", "[[1],2]"}) {
    const auto request =
        read_completion_request(R"({"model":"m","prompt":)" + std::string(prompt) + "}");
    ASSERT_FALSE(request.has_value()) << prompt;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidRequest);
    EXPECT_EQ(request.error().param, "prompt");
  }
  EXPECT_FALSE(read_completion_request(R"({"model":"m"})"));
}

TEST(CompletionRequest, MayAskForNoTokens) {
  const auto request = read_completion_request(R"({"model":"m","prompt":"x","max_tokens":0})");
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->max_tokens, 0);
}

TEST(CompletionRequest, MessagesMeanNothingHere) {
  EXPECT_TRUE(read_completion_request(R"({"model":"m","prompt":"x","messages":5})"));
}

// Each document of the suite as the value of a member nobody knows.
TEST(ChatRequest, AgreesWithJsonTestSuiteInsideARequest) {
  const char* set = std::getenv("TOLLGATE_SHARED_DATA");
  const std::filesystem::path data =
      set != nullptr ? set : std::filesystem::path(TOLLGATE_SOURCE_DIR) / ".." / "shared" / "data";
  const auto folder = data / "json-test-suite" / "test_parsing";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no json-test-suite below TOLLGATE_SHARED_DATA";
  }
  int judged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream document;
    document << in.rdbuf();
    const std::string before = R"({"model":"a","x":)";
    const std::string after = "," + std::string(kMessages) + "}";
    const std::string body = before + document.str() + after;
    const auto request = read_chat_request(body);
    if (name.starts_with("y_")) EXPECT_TRUE(request.has_value()) << name;
    if (name.starts_with("n_")) EXPECT_FALSE(request.has_value()) << name;
    if (request) {
      EXPECT_EQ(upstream_body(*request, body, "b").text(),
                R"({"model":"b","x":)" + document.str() + after)
          << name;
    }
    ++judged;
  }
  EXPECT_GE(judged, 283);
}

}  // namespace
}  // namespace tollgate
