#include "upstream/call.h"

#include <gtest/gtest.h>

#include "dialects/messages_request.h"
#include "dialects/responses_request.h"
#include "net/test_peer.h"

namespace tollgate {
namespace {

using net::TestPeer;
using net::TestUpstream;

constexpr std::string_view kBody =
    R"({"model":"a/b","messages":[{"role":"user","content":"hi"}],"unknown":[1, 2]})";

Task<std::string> open(Call& call) {
  const Status opened = co_await call.open();
  co_return opened ? "ok" : std::string(error_code_name(opened.error().code));
}
Task<std::string> read_all(Call& call) {
  std::string seen;
  for (;;) {
    const Result<std::string_view> bytes = co_await call.read();
    if (!bytes) co_return seen + "!" + std::string(error_code_name(bytes.error().code));
    if (bytes->empty()) co_return seen;
    seen += *bytes;
  }
}

class CallTest : public testing::Test {
 protected:
  CallTest() {
    provider_.id = ProviderId("p");
    provider_.base_url = "http://127.0.0.1:" + std::to_string(upstream_.port()) + "/v1";
  }
  // A call of the offer p/model with kBody, or of the sandbox model.
  Call& call(std::string_view body = kBody, CompletionKind kind = CompletionKind::kChat) {
    Offer offer;
    offer.model = ModelId("a/b");
    offer.provider = provider_.id;
    offer.upstream_model = "their-model";
    snapshot_ = build_snapshot({.providers = {provider_}, .offers = {offer}}).value();
    targets_ = Targets::make(snapshot_, {}).value();
    return call_of(*snapshot_->find("a/b")->offers.front(), body, kind);
  }
  Call& sandbox_call(std::string_view model) {
    call();
    return call_of(*snapshot_->find(model)->offers.front(), kBody, CompletionKind::kChat);
  }
  // What the provider gets.
  std::string request_of(Call& call) {
    opening_ = loop_.start(open(call));
    peer_.emplace(upstream_.accept());
    std::string head = peer_->take_until("\r\n\r\n");
    const std::size_t length = head.find("Content-Length: ");
    return head + peer_->take_bytes(std::stoul(head.substr(length + 16)));
  }
  std::string answer(std::string_view bytes) {
    peer_->send(bytes);
    EXPECT_TRUE(loop_.run_until([&] { return opening_->has_value(); }));
    return opening_->value_or("(nothing)");
  }

  TestLoop loop_;
  TestUpstream upstream_{loop_};
  BlockingPool pool_{1};
  net::Resolver resolver_{pool_};
  net::HttpClient client_{loop_.thread(), resolver_};
  Provider provider_;
  net::RequestHead client_head_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const Targets> targets_;
  ChatRequest request_;
  std::optional<TestPeer> peer_;
  std::optional<Call> call_;
  std::shared_ptr<std::optional<std::string>> opening_;

 private:
  Call& call_of(const Offer& offer, std::string_view body, CompletionKind kind) {
    request_ = read(body, kind).value();
    const Provider& provider = snapshot_->provider_of(offer);
    UpstreamBody encoded = encode({.request = request_,
                                   .body = body,
                                   .offer = offer,
                                   .dialect = provider.dialect,
                                   .limit = limit_,
                                   .responses = targets_->responses_by(provider)})
                               .value();
    return call_.emplace(client_,
                         UpstreamRequest{.request = request_,
                                         .body = body,
                                         .client_head = client_head_,
                                         .offer = offer,
                                         .targets = *targets_,
                                         .public_model = "a/b",
                                         .call_id = "chatcmpl-1",
                                         .now_seconds = 7,
                                         .limit = limit_,
                                         .responses = targets_->responses_by(provider)},
                         std::move(encoded));
  }
  static Result<ChatRequest> read(std::string_view body, CompletionKind kind) {
    if (kind == CompletionKind::kMessages) return read_messages_request(body);
    if (kind == CompletionKind::kResponses) return read_responses_request(body);
    return kind == CompletionKind::kChat ? read_chat_request(body) : read_completion_request(body);
  }

 protected:
  std::optional<OutputLimit> limit_;
};

TEST_F(CallTest, SetsTheOutputLimitThatTheClientDidNotName) {
  limit_ = OutputLimit{.field = "max_tokens", .tokens = 77};
  const std::string sent = request_of(call());
  EXPECT_TRUE(sent.ends_with(R"({"max_tokens":77,"model":"their-model","messages":)"
                             R"([{"role":"user","content":"hi"}],"unknown":[1, 2]})"))
      << sent;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
}

constexpr std::string_view kEmptyAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kResponse = R"({"model":"a/b","input":"hi", "x":[1, 2]})";

TEST_F(CallTest, AResponseGoesAsTheClientWroteItToAProviderThatMakesThem) {
  limit_ = OutputLimit{.field = "max_tokens", .tokens = 77};
  const std::string sent = request_of(call(kResponse, CompletionKind::kResponses));
  EXPECT_TRUE(sent.starts_with("POST /v1/responses HTTP/1.1\r\n")) << sent;
  EXPECT_TRUE(
      sent.ends_with(R"({"max_output_tokens":77,"model":"their-model","input":"hi", "x":[1, 2]})"))
      << sent;
  EXPECT_EQ(answer(kEmptyAnswer), "ok");
}

TEST_F(CallTest, AResponseGoesToAzuresOwnPath) {
  provider_.dialect = Dialect::kAzureOpenAi;
  provider_.api_version = "2025-04-01-preview";
  provider_.responses = ResponsesRoute::kNative;
  const std::string sent = request_of(call(kResponse, CompletionKind::kResponses));
  EXPECT_TRUE(
      sent.starts_with("POST /v1/openai/responses?api-version=2025-04-01-preview HTTP/1.1\r\n"))
      << sent;
  EXPECT_EQ(answer(kEmptyAnswer), "ok");
}

TEST_F(CallTest, AResponseGoesAsAChatToAProviderThatMakesNone) {
  limit_ = OutputLimit{.field = "max_completion_tokens", .tokens = 77};
  provider_.responses = ResponsesRoute::kTranslated;
  const std::string sent = request_of(call(kResponse, CompletionKind::kResponses));
  EXPECT_TRUE(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << sent;
  EXPECT_TRUE(
      sent.ends_with(R"({"model":"their-model","messages":[{"role":"user","content":"hi"}],)"
                     R"("max_tokens":77})"))
      << sent;
  EXPECT_EQ(answer(kEmptyAnswer), "ok");
}

TEST_F(CallTest, AResponseGoesAsAMessageToAnAnthropicProvider) {
  provider_.dialect = Dialect::kAnthropic;
  const std::string sent = request_of(call(kResponse, CompletionKind::kResponses));
  EXPECT_TRUE(sent.starts_with("POST /v1/messages HTTP/1.1\r\n")) << sent;
  EXPECT_NE(sent.find(R"("content":[{"type":"text","text":"hi"}])"), std::string::npos) << sent;
  EXPECT_EQ(answer(kEmptyAnswer), "ok");
}

constexpr std::string_view kMessage =
    R"({"model":"a/b","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";

TEST_F(CallTest, AnAnthropicProviderGetsItsOwnPathCredentialAndVersion) {
  provider_.dialect = Dialect::kAnthropic;
  provider_.api_key = Secret("the provider's own");
  const std::string sent = request_of(call(kMessage, CompletionKind::kMessages));
  EXPECT_TRUE(sent.starts_with("POST /v1/messages HTTP/1.1\r\n")) << sent;
  EXPECT_NE(sent.find("x-api-key: the provider's own\r\n"), std::string::npos) << sent;
  EXPECT_NE(sent.find("anthropic-version: 2023-06-01\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("Authorization"), std::string::npos) << sent;
  EXPECT_NE(sent.find(R"("model":"their-model")"), std::string::npos) << sent;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
}

TEST_F(CallTest, ATranslatedBodyGoesByTheVersionItIsWrittenTo) {
  provider_.dialect = Dialect::kAnthropic;
  client_head_.fields = {{"anthropic-version", "2026-10-21"}};
  const std::string sent = request_of(call());
  EXPECT_NE(sent.find("anthropic-version: 2023-06-01\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("2026-10-21"), std::string::npos) << sent;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
}

TEST_F(CallTest, AMessageGoesByTheVersionThatItsClientNames) {
  provider_.dialect = Dialect::kAnthropic;
  client_head_.fields = {{"anthropic-version", "2026-10-21"}};
  const std::string sent = request_of(call(kMessage, CompletionKind::kMessages));
  EXPECT_NE(sent.find("anthropic-version: 2026-10-21\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("2023-06-01"), std::string::npos) << sent;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
}

TEST_F(CallTest, AzureHasTheDeploymentAndTheVersionInThePath) {
  provider_.dialect = Dialect::kAzureOpenAi;
  provider_.base_url = "http://127.0.0.1:" + std::to_string(upstream_.port());
  provider_.api_version = "2030-01-01";
  provider_.api_key = Secret("the provider's own");
  const std::string sent = request_of(call());
  EXPECT_TRUE(
      sent.starts_with("POST /openai/deployments/their-model/chat/completions"
                       "?api-version=2030-01-01 HTTP/1.1\r\n"))
      << sent;
  EXPECT_NE(sent.find("api-key: the provider's own\r\n"), std::string::npos) << sent;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
}

TEST_F(CallTest, AChatIsSaidAsAMessageToAnAnthropicProviderAndTheOtherWayRound) {
  provider_.dialect = Dialect::kAnthropic;
  const std::string message = request_of(call());
  EXPECT_TRUE(message.starts_with("POST /v1/messages ")) << message;
  EXPECT_NE(message.find(R"("max_tokens":)"), std::string::npos) << message;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
  provider_.dialect = Dialect::kOpenAi;
  const std::string chat = request_of(call(kMessage, CompletionKind::kMessages));
  EXPECT_TRUE(chat.starts_with("POST /v1/chat/completions ")) << chat;
  EXPECT_NE(chat.find(R"("max_tokens":9)"), std::string::npos) << chat;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
}

TEST_F(CallTest, TheSandboxHonoursTheOutputLimitThatWasSet) {
  limit_ = OutputLimit{.field = "max_tokens", .tokens = 3};
  Call& lorem = sandbox_call("sandbox/lorem");
  const auto opened = loop_.start(open(lorem));
  ASSERT_TRUE(loop_.run_until([&] { return opened->has_value(); }));
  const auto body = loop_.start(read_all(lorem));
  ASSERT_TRUE(loop_.run_until([&] { return body->has_value(); }));
  EXPECT_NE((*body)->find(R"("completion_tokens":3,)"), std::string::npos) << **body;
}

TEST_F(CallTest, SendsTheBodyAsItIsButForTheModel) {
  const std::string sent = request_of(call());
  EXPECT_TRUE(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:")) << sent;
  EXPECT_TRUE(sent.ends_with(
      "\r\n\r\n"
      R"({"model":"their-model","messages":[{"role":"user","content":"hi"}],"unknown":[1, 2]})"))
      << sent;
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "ok");
  EXPECT_TRUE(call_->sent());
}

TEST_F(CallTest, CompletionsGoToTheirOwnRoute) {
  const std::string sent =
      request_of(call(R"({"model":"a/b","prompt":"x"})", CompletionKind::kText));
  EXPECT_TRUE(sent.starts_with("POST /v1/completions HTTP/1.1\r\n")) << sent;
  answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(CallTest, OnlyTheNamedHeadersOfTheClientAreSentOn) {
  client_head_.fields = {{"content-type", "application/json; charset=utf-8"},
                         {"ACCEPT", "text/event-stream"},
                         {"User-Agent", "sdk/1"},
                         {"OpenAI-Beta", "one=1"},
                         {"anthropic-version", "2023-06-01"},
                         {"anthropic-beta", "beta"},
                         {"traceparent", "00-trace"},
                         {"Authorization", "the client's own credential"},
                         {"X-Api-Key", "another of its credentials"},
                         {"Cookie", "a=b"},
                         {"Accept-Encoding", "gzip"},
                         {"X-Forwarded-For", "192.0.2.7"},
                         {"Connection", "close"},
                         {"Expect", "100-continue"},
                         {"OpenAI-Organization", "org"},
                         {"X-Request-Id", "req"}};
  const std::string sent = request_of(call());
  std::vector<std::string> names;
  std::string_view rest(sent);
  rest = rest.substr(rest.find("\r\n") + 2, rest.find("\r\n\r\n") - rest.find("\r\n"));
  while (!rest.empty()) {
    names.emplace_back(rest.substr(0, rest.find(':')));
    rest.remove_prefix(rest.find("\r\n") + 2);
  }
  std::ranges::sort(names);
  EXPECT_EQ(names,
            (std::vector<std::string>{"Accept", "Accept-Encoding", "Content-Length", "Content-Type",
                                      "Host", "OpenAI-Beta", "User-Agent", "anthropic-beta",
                                      "anthropic-version", "traceparent"}));
  EXPECT_NE(sent.find("\r\nAccept-Encoding: identity\r\n"), std::string::npos);
  EXPECT_NE(sent.find("\r\nContent-Type: application/json; charset=utf-8\r\n"), std::string::npos);
  EXPECT_EQ(sent.find("credential"), std::string::npos);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(CallTest, SendsTheProvidersOwnCredentialAndHeaders) {
  provider_.api_key = Secret("the provider's own");
  provider_.headers = {{"X-Team", "seven"}};
  client_head_.fields = {{"Authorization", "Bearer of the client"}};
  const std::string sent = request_of(call());
  EXPECT_NE(sent.find("\r\nAuthorization: Bearer the provider's own\r\n"), std::string::npos);
  EXPECT_NE(sent.find("\r\nX-Team: seven\r\n"), std::string::npos);
  EXPECT_EQ(sent.find("of the client"), std::string::npos);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(CallTest, AConfiguredHeaderStandsAloneInThePlaceOfTheClientsAndOurs) {
  provider_.headers = {{"user-agent", "the operator's"}, {"content-type", "application/json; v=2"}};
  client_head_.fields = {{"User-Agent", "the client's"}};
  const std::string sent = request_of(call());
  EXPECT_NE(sent.find("\r\nuser-agent: the operator's\r\n"), std::string::npos);
  EXPECT_EQ(sent.find("User-Agent"), std::string::npos);
  EXPECT_EQ(sent.find("Content-Type"), std::string::npos);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(CallTest, TellsOfTheAnswersHeadWhatAClientMaySee) {
  request_of(call());
  EXPECT_EQ(answer("HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
                   "Retry-After: 7\r\nX-Request-Id: up-1\r\nSet-Cookie: a=b\r\n"
                   "Content-Length: 2\r\n\r\n{}"),
            "ok");
  EXPECT_EQ(call_->head().status, 429);
  EXPECT_EQ(call_->head().content_type, "application/json");
  EXPECT_EQ(call_->head().retry_after, "7");
  EXPECT_EQ(call_->head().request_id, "up-1");
  EXPECT_FALSE(call_->head().event_stream);
  EXPECT_EQ(loop_.run(read_all(*call_)), "{}");
}

TEST_F(CallTest, KnowsAnEventStreamInAnyCase) {
  request_of(call());
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n"
                   "Request-Id: up-2\r\nContent-Length: 0\r\n\r\n"),
            "ok");
  EXPECT_TRUE(call_->head().event_stream);
  EXPECT_EQ(call_->head().request_id, "up-2");
}

TEST_F(CallTest, ACodedAnswerIsAProviderErrorAndPlainIdentityIsNot) {
  request_of(call());
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
            "provider_error");
  EXPECT_TRUE(call_->sent());
  request_of(call());
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx"),
            "ok");
}

TEST_F(CallTest, AbortEndsItAndClosesTheConnection) {
  request_of(call());
  call_->abort(ErrorCode::kClientGone);
  ASSERT_TRUE(loop_.run_until([&] { return opening_->has_value(); }));
  EXPECT_EQ(**opening_, "client_gone");
  call_.reset();
  EXPECT_EQ(peer_->take_rest(), "");
}

TEST_F(CallTest, NothingIsSentWhereNobodyListens) {
  upstream_.close();
  Call& one = call();
  EXPECT_EQ(loop_.run(open(one)), "provider_error");
  EXPECT_FALSE(one.sent());
}

TEST_F(CallTest, TheSandboxAnswersWithoutANetwork) {
  Call& one = sandbox_call("sandbox/echo");
  EXPECT_EQ(loop_.run(open(one)), "ok");
  EXPECT_EQ(one.head().status, 200);
  EXPECT_FALSE(one.head().event_stream);
  const std::string said = loop_.run(read_all(one));
  EXPECT_NE(said.find(R"("content":"hi")"), std::string::npos) << said;
  EXPECT_NE(said.find(R"("model":"a/b")"), std::string::npos) << said;
  EXPECT_NE(said.find("chatcmpl-1"), std::string::npos) << said;
  EXPECT_TRUE(one.sent());
  one.finish();
  EXPECT_TRUE(upstream_.nobody_waits());
}

TEST_F(CallTest, ASandboxFaultHasItsStatusAndRetryTime) {
  Call& one = sandbox_call("sandbox/error-429");
  EXPECT_EQ(loop_.run(open(one)), "ok");
  EXPECT_EQ(one.head().status, 429);
  EXPECT_EQ(one.head().retry_after, "1");
}

TEST_F(CallTest, AHangingSandboxCanBeAborted) {
  Call& one = sandbox_call("sandbox/hang");
  const auto opening = loop_.start(open(one));
  loop_.settle();
  one.abort(ErrorCode::kAborted);
  ASSERT_TRUE(loop_.run_until([&] { return opening->has_value(); }));
  EXPECT_EQ(**opening, "aborted");
}

}  // namespace
}  // namespace tollgate
