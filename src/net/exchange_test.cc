#include "net/exchange.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/test_session.h"

namespace tollgate::net {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

enum class End { kProper, kWithLastBytes, kAborted };

Task<> stream(Exchange& exchange, End end) {
  Response head{.content_type = "text/event-stream", .fields = {{"X-One", "1"}}, .body = "first"};
  EXPECT_FALSE(exchange.response_started());
  EXPECT_TRUE(co_await exchange.start_stream(std::move(head)));
  EXPECT_TRUE(exchange.response_started());
  EXPECT_TRUE(co_await exchange.write("0123456789abcdef"));
  EXPECT_TRUE(co_await exchange.write(""));
  if (end == End::kAborted) co_return exchange.abort_stream();
  EXPECT_TRUE(co_await exchange.finish(end == End::kWithLastBytes ? "last" : ""));
}

Task<> respond_with_field(Exchange& exchange, std::string value) {
  Response response{.fields = {{"X-Value", value}}, .body = "body"};
  (void)co_await exchange.respond(std::move(response));
}

Task<> respond_large(Exchange& exchange, std::size_t bytes, std::optional<ErrorCode>& said) {
  Response response{.fields = {}, .body = std::string(bytes, 'x')};
  const Status sent = co_await exchange.respond(std::move(response));
  if (!sent) said = sent.error().code;
}

Task<> wait_for_client_to_leave(Exchange& exchange, WaitSlot& slot, int& told) {
  exchange.on_client_gone([&] {
    ++told;
    slot.resume_later(Wake::kAborted);
  });
  co_await slot.wait();
  Response response{.fields = {}, .body = exchange.client_gone() ? "gone" : "here"};
  (void)co_await exchange.respond(std::move(response));
}

Task<> watch_and_answer(Exchange& exchange, int& told) {
  exchange.on_client_gone([&] { ++told; });
  co_await echo(exchange, 0);
}

Task<> stream_until_closing(Exchange& exchange, WaitSlot& slot) {
  exchange.on_closing([&] { slot.resume_later(Wake::kAborted); });
  Response head{.fields = {}, .body = "first"};
  EXPECT_TRUE(co_await exchange.start_stream(std::move(head)));
  co_await slot.wait();
  EXPECT_TRUE(co_await exchange.finish("last"));
}

Task<> hear_of_closing(Exchange& exchange, int& told) {
  exchange.on_closing([&] { ++told; });
  co_await echo(exchange, 0);
}

class ExchangeTest : public SessionTest {
 protected:
  void stream_to(End end) {
    handler_ = [end](Exchange& exchange) { return stream(exchange, end); };
  }
  std::string stream_bytes(End end, std::string_view request) {
    stream_to(end);
    open().send(request);
    client().take_until("\r\n\r\n");
    if (end == End::kProper) {
      return request.find("HTTP/1.1") != std::string_view::npos
                 ? client().take_until("\r\n0\r\n\r\n")
                 : client().take_rest();
    }
    return end == End::kWithLastBytes ? client().take_until("\r\n0\r\n\r\n") : client().take_rest();
  }
};

TEST_F(ExchangeTest, AnAnswerHasItsDateTypeLengthAndFields) {
  handler_ = [](Exchange& exchange) { return respond_with_field(exchange, "v"); };
  client().send(kGet);
  const std::string head = client().take_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_NE(head.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nContent-Length: 4\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nX-Value: v\r\n"), std::string::npos) << head;
  const std::size_t date = head.find("\r\nDate: ");
  ASSERT_NE(date, std::string::npos) << head;
  EXPECT_EQ(head.substr(date + 8 + 25, 6), " GMT\r\n") << head;
  EXPECT_EQ(client().take_bytes(4), "body");
}

TEST_F(ExchangeTest, AFieldThatWouldSplitTheAnswerIsNeverSent) {
  handler_ = [](Exchange& exchange) {
    return respond_with_field(exchange, "v\r\nX-Forged: yes\r\n\r\n");
  };
  client().send(kGet);
  EXPECT_EQ(take_answer(), "500! internal_error");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(ExchangeTest, AHeadRequestGetsTheLengthAndNoBody) {
  handler_ = [](Exchange& exchange) { return respond_with_field(exchange, "v"); };
  client().send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kGet));
  const std::string head = client().take_until("\r\n\r\n");
  EXPECT_NE(head.find("\r\nContent-Length: 4\r\n"), std::string::npos) << head;
  EXPECT_EQ(take_answer(), "200 body");  // the next answer, at once behind the head
}

TEST_F(ExchangeTest, AStreamIsChunksAndAnEndAndTheConnectionGoesOn) {
  EXPECT_EQ(stream_bytes(End::kProper, kGet), "5\r\nfirst\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
  EXPECT_EQ(stream_bytes(End::kWithLastBytes, kGet),
            "5\r\nfirst\r\n10\r\n0123456789abcdef\r\n4\r\nlast\r\n0\r\n\r\n");
  client().send(kGet);
  EXPECT_NE(client().take_until("4\r\nlast\r\n0\r\n\r\n"), "");
}

TEST_F(ExchangeTest, AnAbortedStreamHasNoEnd) {
  EXPECT_EQ(stream_bytes(End::kAborted, kGet), "5\r\nfirst\r\n10\r\n0123456789abcdef\r\n");
}

TEST_F(ExchangeTest, AStreamToAnHttp10ClientEndsWithTheConnection) {
  EXPECT_EQ(stream_bytes(End::kProper, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "first0123456789abcdef");
}

// Bodies.

TEST_F(ExchangeTest, ReadsABodyOfEachSizeAroundTheFirstRead) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16'000},
                                 std::size_t{16'384}, std::size_t{70'000}, kBodyBytesMax}) {
    std::string body;
    while (body.size() < size) body += std::to_string(body.size()) + ",";
    body.resize(size);
    client().send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                  "\r\n\r\n" + body);
    ASSERT_TRUE(take_answer() == "200 POST /a " + body) << size;
  }
}

TEST_F(ExchangeTest, RefusesALargerBodyBeforeItComes) {
  client().send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n");
  EXPECT_EQ(take_answer(), "413! payload_too_large");
}

TEST_F(ExchangeTest, TakesAChunkedBodyUpToTheLimitAndNoByteMore) {
  handler_ = [](Exchange& exchange) { return echo(exchange, 6); };
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  client().send(head + "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
  EXPECT_EQ(take_answer(), "200 POST /a abcdef");
  client().send(head + "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
  EXPECT_EQ(take_answer(), "413! payload_too_large");
}

TEST_F(ExchangeTest, RefusesBrokenChunks) {
  client().send(
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n");
  EXPECT_EQ(take_answer(), "400! invalid_request");
}

TEST_F(ExchangeTest, RefusesACodedBody) {
  client().send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
  EXPECT_EQ(take_answer(), "501! not_implemented");
}

TEST_F(ExchangeTest, ABodyThatStopsComingIsA408) {
  options_.body_timeout = milliseconds(1);
  client().send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(take_answer(), "408! request_timeout");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(ExchangeTest, AsksForAHeldBackBodyOnlyWhenItIsWanted) {
  const std::string head =
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  client().send(head);
  EXPECT_EQ(client().take_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client().send("abc");
  EXPECT_EQ(take_answer(), "200 POST /a abc");
  client().send(head + "def");  // this one did not wait
  EXPECT_EQ(take_answer(), "200 POST /a def");
}

// Clients that leave.

class ClientLeaves : public ExchangeTest {
 protected:
  ClientLeaves() {
    handler_ = [this](Exchange& exchange) {
      return wait_for_client_to_leave(exchange, slot_, told_);
    };
    client().send(kGet);
    EXPECT_TRUE(loop_.run_until([this] { return slot_.waiting(); }));
  }
  bool told() {
    return loop_.run_until([this] { return told_ == 1; });
  }
  WaitSlot slot_;
  int told_ = 0;
};

TEST_F(ClientLeaves, AFinIsTold) {
  client().finish_sending();
  EXPECT_TRUE(told());
  EXPECT_TRUE(session_ended());
  EXPECT_EQ(client().take_rest(), "");  // what a client that left is told
}

TEST_F(ClientLeaves, AClosedSocketIsTold) {
  client().close();
  EXPECT_TRUE(told());
  EXPECT_TRUE(session_ended());
}

TEST_F(ClientLeaves, AnAbortedSessionIsTold) {
  session_->abort();
  EXPECT_TRUE(told());
  EXPECT_TRUE(session_ended());
}

TEST_F(ClientLeaves, ThePipelinedNextRequestIsNoLeavingAndIsAnswered) {
  client().send(kGet);
  loop_.settle();
  EXPECT_EQ(told_, 0);
  slot_.resume_later(Wake::kReady);
  EXPECT_EQ(take_answer(), "200 here");
  ASSERT_TRUE(loop_.run_until([this] { return slot_.waiting(); }));
  slot_.resume_later(Wake::kReady);
  EXPECT_EQ(take_answer(), "200 here");
}

TEST_F(ClientLeaves, AFinBehindAPipelinedRequestIsTold) {
  client().send(kGet);
  loop_.settle();
  client().finish_sending();
  EXPECT_TRUE(told());
}

TEST_F(ExchangeTest, AClientThatLeavesAfterItsAnswerIsToldToNobody) {
  int told = 0;
  handler_ = [&](Exchange& exchange) { return watch_and_answer(exchange, told); };
  client().send(kGet);
  EXPECT_EQ(take_answer(), "200 GET /a ");
  loop_.settle();
  client().close();
  EXPECT_TRUE(session_ended());
  EXPECT_EQ(told, 0);
}

TEST_F(ExchangeTest, AClientThatTakesNothingIsGoneAfterTheWriteDeadline) {
  options_.write_timeout = milliseconds(1);
  std::optional<ErrorCode> said;
  handler_ = [&](Exchange& exchange) { return respond_large(exchange, 10'000'000, said); };
  client().send(kGet);
  ASSERT_TRUE(session_ended());
  EXPECT_EQ(said, ErrorCode::kClientGone);
}

TEST_F(ExchangeTest, AClientThatTakesALittleAtATimeGetsTheWholeAnswer) {
  // Longer than the deadline in all, but never silent for so long.
  options_.write_timeout = milliseconds(200);
  std::optional<ErrorCode> said;
  handler_ = [&](Exchange& exchange) { return respond_large(exchange, 2'000'000, said); };
  client().send(kGet);
  const auto began = std::chrono::steady_clock::now();
  client().take_until("\r\n\r\n");
  std::size_t got = 0;
  while (std::chrono::steady_clock::now() - began < milliseconds(600) && got < 1'500'000) {
    got += client().take_present().size();
    loop_.pass(milliseconds(30));
  }
  got += client().take_bytes(2'000'000 - got).size();
  EXPECT_EQ(got, 2'000'000U);
  EXPECT_EQ(said, std::nullopt);
}

TEST_F(ExchangeTest, AStreamWithoutAnEndHearsThatTheServerCloses) {
  WaitSlot slot;
  handler_ = [&](Exchange& exchange) { return stream_until_closing(exchange, slot); };
  client().send(kGet);
  client().take_until("first");
  session_->close_when_idle();
  client().take_until("last\r\n0\r\n\r\n");
  EXPECT_TRUE(session_ended());
}

TEST_F(ExchangeTest, ARequestThatCameBeforeTheServerClosedAndIsServedAfterHearsSoAtOnce) {
  int told = 0;
  handler_ = [&](Exchange& exchange) { return hear_of_closing(exchange, told); };
  client().send(kGet.substr(0, 10));
  loop_.settle();
  session_->close_when_idle();
  client().send(kGet.substr(10));
  EXPECT_EQ(take_answer(), "200! GET /a ");
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(session_ended());
}

}  // namespace
}  // namespace tollgate::net
