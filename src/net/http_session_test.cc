#include "net/http_session.h"

#include <gtest/gtest.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include <algorithm>
#include <array>
#include <stdexcept>

#include "net/test_session.h"

namespace tollgate::net {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

Task<> end_with_a_bug() {
  throw std::logic_error("a bug");
  co_return;
}
Task<> give_no_answer() { co_return; }
Task<> break_mid_stream(Exchange& exchange) {
  Response head{.fields = {}, .body = "begun"};
  (void)co_await exchange.start_stream(std::move(head));
  throw std::logic_error("a bug");
}
Task<> answer_twice(Exchange& exchange) {
  co_await echo(exchange, 0);
  co_await echo(exchange, 0);
}
Task<> wait_and_echo(Exchange& exchange, WaitSlot& slot) {
  co_await slot.wait();
  co_await echo(exchange, 0);
}
Task<> refuse_unread(Exchange& exchange) {
  Response response{.status = 401, .fields = {}, .body = "no"};
  (void)co_await exchange.respond(std::move(response));
}

std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

class HttpSessionTest : public SessionTest {
 protected:
  void refuse_everything() {
    handler_ = [](Exchange& exchange) { return refuse_unread(exchange); };
  }
  // The handler waits for slot_.
  void hold_requests() {
    handler_ = [this](Exchange& exchange) { return wait_and_echo(exchange, slot_); };
  }
  bool request_is_held() {
    return loop_.run_until([this] { return slot_.waiting(); });
  }
  WaitSlot slot_;
};

TEST_F(HttpSessionTest, AnswersOneRequestAfterAnotherOnOneConnection) {
  for (const std::string_view target : {"/1", "/2", "/3"}) {
    client().send(post(target, "body"));
    EXPECT_EQ(take_answer(), "200 POST " + std::string(target) + " body");
  }
}

#if __has_feature(address_sanitizer)  // which knows what is allocated
Task<> stream_at_once(Exchange& exchange, std::size_t bytes) {
  const std::string all(bytes, 'x');
  (void)co_await exchange.start_stream({.fields = {}, .body = {}});
  (void)co_await exchange.finish(all);
}

TEST_F(HttpSessionTest, IdleConnectionKeepsNoRoomOfALargeAnswer) {
  constexpr std::size_t kBytes = 1024 * 1024;
  handler_ = [](Exchange& exchange) { return stream_at_once(exchange, kBytes); };
  client();
  const std::size_t before = __sanitizer_get_current_allocated_bytes();
  client().send(kGet);
  std::size_t taken = 0;
  std::array<char, 5> end{};
  ASSERT_TRUE(loop_.run_until([&] {  // what the peer takes it keeps room for
    std::array<char, 16 * 1024> part;
    const ssize_t got = ::recv(client().socket(), part.data(), part.size(), MSG_DONTWAIT);
    for (ssize_t i = 0; i < got; ++i) {
      end[taken++ % end.size()] = part[static_cast<std::size_t>(i)];
    }
    return taken > kBytes && std::ranges::count(end, '0') == 1;
  }));
  loop_.settle();
  EXPECT_LT(__sanitizer_get_current_allocated_bytes(), before + kBytes / 8);
}
#endif

TEST_F(HttpSessionTest, AnswersPipelinedRequestsInOrderWithTheirOwnBodies) {
  client().send(post("/1", "one") + std::string(kGet) +
                "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\ntwo\r\n0\r\n\r\n" +
                post("/3", "three") + std::string(kGet));
  EXPECT_EQ(take_answer(), "200 POST /1 one");
  EXPECT_EQ(take_answer(), "200 GET /a ");
  EXPECT_EQ(take_answer(), "200 POST /2 two");
  EXPECT_EQ(take_answer(), "200 POST /3 three");
  EXPECT_EQ(take_answer(), "200 GET /a ");
}

TEST_F(HttpSessionTest, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string bytes =
      post("/1", "one") +
      "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n" +
      std::string(kGet);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    open();
    client().send(std::string_view(bytes).substr(0, cut));
    loop_.settle();
    client().send(std::string_view(bytes).substr(cut));
    ASSERT_EQ(take_answer(), "200 POST /1 one") << cut;
    ASSERT_EQ(take_answer(), "200 POST /2 two") << cut;
    ASSERT_EQ(take_answer(), "200 GET /a ") << cut;
    client().close();
    ASSERT_TRUE(session_ended());
  }
}

TEST_F(HttpSessionTest, RefusesABrokenHeadAndClosesInOrder) {
  client().send("GET /a HTTP/1.1\nHost: x\r\n\r\nrest that nobody reads");
  EXPECT_EQ(take_answer(), "400! invalid_request");
  EXPECT_EQ(client().take_rest(), "");
  EXPECT_FALSE(client().was_reset());
}

TEST_F(HttpSessionTest, AnswersWhatCameBeforeABrokenHead) {
  client().send(std::string(kGet) + "nonsense\r\n\r\n");
  EXPECT_EQ(take_answer(), "200 GET /a ");
  EXPECT_EQ(take_answer(), "400! invalid_request");
}

TEST_F(HttpSessionTest, RefusesAHeadOverItsLimit) {
  options_.head.bytes = 1'000;
  client().send("GET /a HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(1'000, 'x'));
  EXPECT_EQ(take_answer(), "400! invalid_request");
}

TEST_F(HttpSessionTest, RefusesAnExpectationItCannotMeet) {
  client().send("GET /a HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n");
  EXPECT_EQ(take_answer(), "417! expectation_failed");
}

TEST_F(HttpSessionTest, ClosesWhenTheClientAsksForIt) {
  client().send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(take_answer(), "200! GET /a ");
  EXPECT_EQ(client().take_rest(), "");
  EXPECT_TRUE(session_ended());
}

TEST_F(HttpSessionTest, KeepsAnHttp10ConnectionOnlyWhereAsked) {
  client().send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = client().take_until("\r\n\r\n");
  EXPECT_NE(head.find("Connection: keep-alive\r\n"), std::string::npos) << head;
  EXPECT_EQ(client().take_bytes(7), "GET /a ");
  client().send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(take_answer(), "200! GET /b ");
  EXPECT_EQ(client().take_rest(), "");
}

// Early answers (SPEC §7 "Client edge").

TEST_F(HttpSessionTest, DrainsASmallUnreadBodyAndGoesOn) {
  refuse_everything();
  client().send(post("/1", std::string(kDrainBytesMax, 'x')) + std::string(kGet));
  EXPECT_EQ(take_answer(), "401 no");
  EXPECT_EQ(take_answer(), "401 no");
}

TEST_F(HttpSessionTest, SaysItClosesBeforeALargeUnreadBodyAndLetsTheClientReadThat) {
  refuse_everything();
  client().send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
  EXPECT_EQ(take_answer(), "401! no");
  // The client goes on sending, and still meets no reset.
  client().send(std::string(3'000'000, 'x'));
  EXPECT_EQ(client().take_rest(), "");
  EXPECT_FALSE(client().was_reset());
  client().finish_sending();
  EXPECT_TRUE(session_ended());
}

TEST_F(HttpSessionTest, DrainsASmallUnreadChunkedBodyAndGoesOn) {
  refuse_everything();
  client().send("POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(take_answer(), "401 no");
  client().send("0\r\n\r\n" + std::string(kGet));
  EXPECT_EQ(take_answer(), "401 no");
}

TEST_F(HttpSessionTest, EndsOnALargeUnreadChunkedBodyWithoutAReset) {
  refuse_everything();
  client().send("POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n");
  client().send(std::string(3'000'000, 'x'));
  EXPECT_EQ(take_answer().substr(0, 3), "401");
  EXPECT_EQ(client().take_rest(), "");
  EXPECT_FALSE(client().was_reset());
}

TEST_F(HttpSessionTest, DoesNotWaitForABodyThatTheClientHoldsBack) {
  refuse_everything();
  client().send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(take_answer(), "401! no");
  EXPECT_EQ(client().take_rest(), "");
}

// Bugs.

TEST_F(HttpSessionTest, ABugInAHandlerIsA500AndTheEnd) {
  handler_ = [](Exchange&) { return end_with_a_bug(); };
  client().send(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(take_answer(), "500! internal_error");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(HttpSessionTest, AHandlerWithoutAnAnswerIsA500AndTheEnd) {
  handler_ = [](Exchange&) { return give_no_answer(); };
  client().send(kGet);
  EXPECT_EQ(take_answer(), "500! internal_error");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(HttpSessionTest, ABugAfterTheStreamBeganCutsIt) {
  handler_ = [](Exchange& exchange) { return break_mid_stream(exchange); };
  client().send(kGet);
  EXPECT_NE(client().take_until("\r\n\r\n"), "");
  EXPECT_EQ(client().take_rest(), "5\r\nbegun\r\n");  // no last chunk
}

TEST_F(HttpSessionTest, ASecondAnswerIsABugAndNeverSent) {
  handler_ = [](Exchange& exchange) { return answer_twice(exchange); };
  client().send(kGet);
  EXPECT_EQ(take_answer(), "200 GET /a ");
  EXPECT_EQ(client().take_present(), "");
}

// Deadlines.

TEST_F(HttpSessionTest, AnIdleConnectionIsClosedWithoutAWord) {
  options_.idle_timeout = milliseconds(1);
  client().send(kGet);
  EXPECT_EQ(take_answer(), "200 GET /a ");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(HttpSessionTest, AConnectionThatNeverSpeaksIsClosedWithoutAWord) {
  options_.head_timeout = milliseconds(1);
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(HttpSessionTest, AHeadThatDoesNotComeWholeIsA408) {
  options_.head_timeout = milliseconds(1);
  client().send("GET /a HTTP/1.1\r\nHo");
  EXPECT_EQ(take_answer(), "408! request_timeout");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(HttpSessionTest, ATrickledHeadGetsNoNewTimeForEachByte) {
  options_.head_timeout = milliseconds(100);
  client().send("GET /a HTTP/1.1\r\nX: ");
  const auto began = std::chrono::steady_clock::now();
  std::string answer;
  while (answer.empty() && std::chrono::steady_clock::now() - began < TestLoop::kPatience) {
    client().send("x");
    loop_.pass(milliseconds(1));
    answer = client().take_present();
  }
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 408");
}

TEST_F(HttpSessionTest, NoDeadlineRunsWhileTheHandlerThinks) {
  options_.head_timeout = options_.body_timeout = options_.write_timeout = milliseconds(1);
  hold_requests();
  client().send(kGet);
  ASSERT_TRUE(request_is_held());
  loop_.pass(5 * kDeadlineTick);
  slot_.resume_later(Wake::kReady);
  EXPECT_EQ(take_answer(), "200 GET /a ");
}

// The end.

TEST_F(HttpSessionTest, CloseWhenIdleEndsAnIdleSessionNow) {
  client().send(kGet);
  EXPECT_EQ(take_answer(), "200 GET /a ");
  loop_.settle();
  session_->close_when_idle();
  EXPECT_EQ(client().take_rest(), "");
  EXPECT_TRUE(session_ended());
}

TEST_F(HttpSessionTest, CloseWhenIdleLetsARunningRequestBeAnsweredAndThenCloses) {
  hold_requests();
  client().send(kGet);
  ASSERT_TRUE(request_is_held());
  session_->close_when_idle();
  loop_.settle();
  slot_.resume_later(Wake::kReady);
  EXPECT_EQ(take_answer(), "200! GET /a ");
  EXPECT_EQ(client().take_rest(), "");
}

TEST_F(HttpSessionTest, AbortEndsASessionThatWaitsForItsClient) {
  client().send("GET /a HTTP/1.1\r\nHo");
  loop_.settle();
  session_->abort();
  EXPECT_EQ(client().take_rest(), "");
  EXPECT_TRUE(session_ended());
}

TEST_F(HttpSessionTest, AClientThatLeavesEndsTheSession) {
  for (const std::string_view begun : {"", "GET /a",
                                       "POST /a HTTP/1.1\r\nHost: x\r\n"
                                       "Content-Length: 9\r\n\r\nabc"}) {
    open();
    client().send(begun);
    loop_.settle();
    client().close();
    EXPECT_TRUE(session_ended()) << begun;
  }
}

}  // namespace
}  // namespace tollgate::net
