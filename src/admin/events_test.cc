#include "admin/events.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "admin/test_admin_fixture.h"
#include "domain/person.h"
#include "ledger/live_feed.h"
#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A client that reads an answer as it comes. What should come and does not ends the test.
class EventClient {
 public:
  EventClient(std::uint16_t port, const KeyWithSecret& by, const std::string& query = "",
              const std::string& more_fields = "")
      : EventClient(port, query,
                    "x-api-key: " + std::string(by.secret->expose()) + "\r\n" + more_fields) {}
  EventClient(std::uint16_t port, const std::string& query, const std::string& fields)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string request =
        "GET /admin/v1/events" + query + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
    EXPECT_EQ(::send(socket_, request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
  }
  ~EventClient() { ::close(socket_); }
  EventClient(const EventClient&) = delete;
  EventClient& operator=(const EventClient&) = delete;

  // Everything up to and with `mark`; "" when the stream ends or is silent before.
  std::string until(std::string_view mark) {
    for (;;) {
      const std::size_t at = received_.find(mark);
      if (at != std::string::npos) {
        std::string taken = received_.substr(0, at + mark.size());
        received_.erase(0, at + mark.size());
        return taken;
      }
      std::array<char, 4096> bytes;
      const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
      EXPECT_GT(count, 0) << "no \"" << mark << "\" came, but: " << received_;
      if (count <= 0) return "";
      received_.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }
  // The data of the next event of this name.
  std::string event(const std::string& name) {
    until("\nevent: " + name + "\ndata: ");
    return until("\n\n");
  }
  // From here on whatever happens is told.
  EventClient& begun() {
    until("retry: ");
    until("\n\n");
    return *this;
  }
  // Whether so long nothing comes.
  bool silent_for(milliseconds time) {
    pollfd watched{.fd = socket_, .events = POLLIN, .revents = 0};
    return received_.find("event") == std::string::npos &&
           ::poll(&watched, 1, static_cast<int>(time.count())) == 0;
  }
  // Whether the stream comes to its proper end.
  bool ends() { return !until("\r\n0\r\n\r\n").empty(); }

 private:
  int socket_;
  std::string received_;
};

class EventsTest : public AdminServerTest {
 protected:
  EventsTest() {
    context_.events = {.check_every = milliseconds(5),
                       .answers_hold = milliseconds(0),
                       .heartbeat_every = seconds(15),
                       .gather = milliseconds(0)};
  }
  // The cookie of a new viewer.
  std::string join() {
    const AdminAnswer link = ask({.method = "POST",
                                  .target = "/admin/v1/invitations?workspace=ws_default",
                                  .body = R"({"email":"bob@example.com","role":"viewer"})"});
    EXPECT_EQ(link.status, 201) << link.body;
    const std::string text(std::string_view(link.document().at("link").as_string()));
    const json::object acceptance{{"token", text.substr(text.find('#') + 1)},
                                  {"name", "Bob"},
                                  {"password", "three quiet words"}};
    const AdminAnswer joined = ask_stranger({.method = "POST",
                                             .target = "/admin/v1/invitations/accept",
                                             .body = json::serialize(acceptance)});
    EXPECT_EQ(joined.status, 200) << joined.body;
    const std::string cookie = joined.fields.at("set-cookie");
    return cookie.substr(0, cookie.find(';'));
  }
};

TEST_F(EventsTest, StoredRequestIsToldAsListsShowIt) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  const KeyWithSecret made = make("seen");
  EventClient client(port(), viewer);
  const std::string head = client.until("\r\n\r\n");
  EXPECT_NE(head.find("200 OK"), std::string::npos) << head;
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos) << head;
  client.begun();
  ASSERT_TRUE(buy(made));
  const std::string before = client.until("event: request\ndata: ");
  EXPECT_NE(before.find("id: "), std::string::npos) << before;
  const auto request = parse_json(client.until("\n\n"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->at("key").as_string(), made.key.id.get());
  EXPECT_EQ(request->at("key_name").as_string(), "seen");
  EXPECT_EQ(request->at("model").as_string(), "sandbox/echo");
  EXPECT_EQ(request->at("status").as_int64(), 200);
  EXPECT_TRUE(request->at("error_code").is_null());
  EXPECT_EQ(request->at("cost").as_string(), "0.000001");
  EXPECT_EQ(request->at("input_tokens").as_int64(), 10);
  EXPECT_EQ(request->at("output_tokens").as_int64(), 5);
  EXPECT_EQ(request->at("latency_ms").as_int64(), 5);
  EXPECT_TRUE(request->at("id").as_string().starts_with("gen_"));
}

TEST_F(EventsTest, ChangesAndRefusalsOfKeysAreTold) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  const KeyWithSecret made = make("fresh");
  EXPECT_NE(client.event("key").find(R"("change":"created")"), std::string::npos);
  ledger_->count_unadmitted(*authenticate(made), ErrorCode::kModelNotAllowed);
  EXPECT_NE(client.event("use").find(R"("requests":1,"errors":1)"), std::string::npos);
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_NE(client.event("key").find(R"("change":"revoked")"), std::string::npos);
}

TEST_F(EventsTest, OfAnotherWorkspaceNothingIsTold) {
  const AdminAnswer shop =
      ask({.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"shop"})"});
  ASSERT_EQ(shop.status, 201) << shop.body;
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  const AdminAnswer theirs = ask({.method = "POST",
                                  .target = "/admin/v1/keys?workspace=shop",
                                  .body = R"({"name":"theirs"})"});
  ASSERT_EQ(theirs.status, 201) << theirs.body;
  const KeyWithSecret ours = make("ours");
  EXPECT_NE(client.event("key").find(ours.key.id.get()), std::string::npos);
  EXPECT_EQ(ask_with(viewer, {.target = "/admin/v1/events?workspace=shop"}).status, 404);
}

TEST_F(EventsTest, EndsWithTheKeyThatWatches) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  ASSERT_TRUE(revoke(viewer.key.id));
  EXPECT_TRUE(client.ends());
}

TEST_F(EventsTest, AnswerThatTheCallerMayWatchHoldsForASecondAndNoLonger) {
  context_.events.answers_hold = seconds(1);
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  ASSERT_TRUE(revoke(viewer.key.id));
  EXPECT_NE(client.event("key").find(viewer.key.id.get()), std::string::npos);
  clock_.advance(seconds(1));
  EXPECT_TRUE(client.ends());
}

TEST_F(EventsTest, OpenStreamIsNoUseOfItsSession) {
  EventClient client(port(), "", "Cookie: " + join() + "\r\n");
  client.begun();
  // The first half passes, and is noticed.
  clock_.advance(kSessionIdle / 2);
  client.until(":\n\n");
  clock_.advance(kSessionIdle / 2);
  EXPECT_TRUE(client.ends());
}

TEST_F(EventsTest, EndsWithTheMembershipOfThePersonWhoWatches) {
  EventClient client(port(), "", "Cookie: " + join() + "\r\n");
  client.begun();
  const json::value members = ask({.target = "/admin/v1/members"}).document();
  const std::string bob(std::string_view(members.at("data").at(0).at("id").as_string()));
  ASSERT_EQ(ask({.method = "DELETE", .target = "/admin/v1/members/" + bob}).status, 200);
  EXPECT_TRUE(client.ends());
}

// All readers of the store are busy, and their queue is full.
class BusyReaders {
 public:
  explicit BusyReaders(Ledger& ledger) {
    std::function<Result<int>(sql::Connection&)> hold = [this](sql::Connection&) -> Result<int> {
      EXPECT_TRUE(eventually([this] { return go_on_.load(); }));
      return 0;
    };
    EXPECT_TRUE(loop_.run_until([&] {
      for (int i = 0; i < 100; ++i) loop_.tasks().spawn(read(ledger, hold));
      loop_.settle();
      return refused_ > 0;
    }));
  }
  ~BusyReaders() { go_on(); }
  BusyReaders(const BusyReaders&) = delete;
  BusyReaders& operator=(const BusyReaders&) = delete;
  void go_on() {
    go_on_ = true;
    EXPECT_TRUE(loop_.run_until([this] { return loop_.tasks().running() == 0; }));
  }

 private:
  Task<> read(Ledger& ledger, std::function<Result<int>(sql::Connection&)> work) {
    const Result<int> outcome = co_await ledger.read_facts<int>(std::move(work));
    if (!outcome) ++refused_;
  }

  std::atomic<bool> go_on_ = false;
  int refused_ = 0;
  TestLoop loop_;
};

TEST_F(EventsTest, StaysSilentWhileNobodyCanSayWhetherItsCallerMayWatchAndGoesOnAfter) {
  context_.events.check_every = milliseconds(500);
  context_.events.answers_hold = seconds(1);
  EventClient client(port(), "", "Cookie: " + join() + "\r\n");
  client.begun();
  BusyReaders readers(*ledger_);
  clock_.advance(seconds(1));
  const KeyWithSecret made = make("meanwhile");
  EXPECT_TRUE(client.silent_for(milliseconds(300)));
  readers.go_on();
  EXPECT_NE(client.event("key").find(made.key.id.get()), std::string::npos);
}

TEST_F(EventsTest, EndsWhenNobodyCanSayForLongWhetherItsCallerMayWatch) {
  // Nothing is asked while the queue fills: a question in it would be answered, late.
  context_.events.answers_hold = seconds(1);
  EventClient client(port(), "", "Cookie: " + join() + "\r\n");
  client.begun();
  const BusyReaders readers(*ledger_);
  clock_.advance(seconds(1));
  EXPECT_TRUE(client.ends());
}

TEST_F(EventsTest, IdsSayNothingOfWhatOthersHear) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  EventClient again(port(), viewer, "", "Last-Event-ID: 7\r\n");
  EXPECT_NE(again.until("event: reset").find("id: 1\n"), std::string::npos);
  ASSERT_EQ(ask({.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"shop"})"})
                .status,
            201);
  for (const std::string name : {"one", "two"}) {
    ASSERT_EQ(ask({.method = "POST",
                   .target = "/admin/v1/keys?workspace=shop",
                   .body = R"({"name":")" + name + R"("})"})
                  .status,
              201);
  }
  make("ours");
  EXPECT_NE(client.until("event: key").find("id: 1\n"), std::string::npos);
  EXPECT_NE(again.until("event: key").find("id: 2\n"), std::string::npos);
}

TEST_F(EventsTest, WhoComesBackIsToldToReadAnew) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient first(port(), viewer);
  const std::string beginning = first.until("retry: ") + first.until("\n\n");
  EXPECT_EQ(beginning.find("reset"), std::string::npos);
  EventClient again(port(), viewer, "", "Last-Event-ID: 7\r\n");
  EXPECT_EQ(again.event("reset"), "{}\n\n");
}

TEST_F(EventsTest, SilentStreamSaysThatItLives) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  clock_.advance(seconds(15));
  EXPECT_FALSE(client.until(":\n\n").empty());
}

TEST_F(EventsTest, ProviderThatGoesDownIsTold) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EventClient client(port(), viewer);
  client.begun();
  OfferHealth& offer = health_.of(ProviderId("acme"), ModelId("acme/large"));
  for (int i = 0; i < kDownInARow; ++i) {
    auto attempt = offer.begin(clock_.steady());
    ASSERT_TRUE(attempt);
    attempt->fail(clock_.steady());
  }
  EXPECT_EQ(client.event("provider"), "{\"id\":\"acme\",\"state\":\"down\"}\n\n");
}

TEST_F(EventsTest, HowProvidersDoIsFoundOutOnceForAllWhoAskWithinASecond) {
  ProviderBoard board;
  const auto ask_board = [&] { return board.states(*snapshot_, clock_.steady(), seconds(1)); };
  const ProviderBoard::Shared first = ask_board();
  EXPECT_EQ(first->at("acme"), HealthState::kHealthy);
  OfferHealth& offer = health_.of(ProviderId("acme"), ModelId("acme/large"));
  for (int i = 0; i < kDownInARow; ++i) offer.begin(clock_.steady())->fail(clock_.steady());
  clock_.advance(milliseconds(999));
  EXPECT_EQ(ask_board(), first);
  clock_.advance(milliseconds(1));
  EXPECT_EQ(ask_board()->at("acme"), HealthState::kDown);
}

TEST_F(EventsTest, TooManyStreamsOfOneCallerAreRefused) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  std::vector<std::unique_ptr<EventClient>> open;
  for (std::size_t i = 0; i < LiveFeed::kWatchersPerCallerMax; ++i) {
    open.push_back(std::make_unique<EventClient>(port(), viewer));
    open.back()->begun();
  }
  const AdminAnswer refused = ask_with(viewer, {.target = "/admin/v1/events"});
  EXPECT_EQ(refused.status, 429) << refused.body;
  EXPECT_EQ(refused.code(), "rate_limit_exceeded");
  EXPECT_TRUE(refused.fields.contains("retry-after"));
}

TEST_F(EventsTest, PlaceOfAClientThatLeftIsFree) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  {
    EventClient client(port(), viewer);
    client.begun();
    EXPECT_TRUE(ledger_->live().watched());
  }
  EXPECT_TRUE(eventually([this] { return !ledger_->live().watched(); }));
}

TEST_F(EventsTest, UnknownParametersAndBodiesAreRefused) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EXPECT_EQ(ask_with(viewer, {.target = "/admin/v1/events?limit=1"}).status, 400);
  EXPECT_EQ(ask_with(viewer, {.target = "/admin/v1/events", .body = "{}"}).status, 400);
  EXPECT_EQ(ask_with(make("standard"), {.target = "/admin/v1/events"}).status, 403);
  EXPECT_EQ(ask_stranger({.target = "/admin/v1/events"}).status, 401);
}

}  // namespace
}  // namespace tollgate
