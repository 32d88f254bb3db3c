#include "net/connection.h"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <vector>

#include "net/test_authority.h"
#include "net/test_peer.h"

namespace tollgate::net {
namespace {

using State = Connection::ReadState;
using std::chrono::milliseconds;

struct Read {
  State state;
  std::string bytes;
};

Task<Read> read_once(Connection& connection) {
  std::string room(256, '\0');
  const Connection::ReadResult result = co_await connection.read_some(room);
  co_return Read{result.state, room.substr(0, result.bytes)};
}

Task<std::string> read_bytes(Connection& connection, std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    const Read read = co_await read_once(connection);
    if (read.state != State::kData) break;
    bytes += read.bytes;
  }
  co_return bytes;
}

Task<bool> write_pieces(Connection& connection, std::vector<std::string> texts) {
  std::vector<std::string_view> pieces(texts.begin(), texts.end());
  co_return co_await connection.write_all(pieces);
}

Task<Failure> shake(Connection& connection) { return connection.handshake(); }

State try_read(Connection& connection) {
  std::string room(256, '\0');
  return connection.try_read(room).state;
}

std::string numbered(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + " ";
  text.resize(bytes);
  return text;
}

class ConnectionTest : public testing::Test {
 protected:
  explicit ConnectionTest(SocketPair pair = socket_pair())
      : peer_(loop_, pair.theirs),
        connection_(std::make_unique<Connection>(loop_.thread(), pair.ours, nullptr)) {}

  TestLoop loop_;
  TestPeer peer_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, ReadsWhatIsThereWithoutWaiting) {
  EXPECT_EQ(try_read(*connection_), State::kWouldBlock);
  peer_.send("x");
  EXPECT_EQ(try_read(*connection_), State::kData);
  EXPECT_EQ(try_read(*connection_), State::kWouldBlock);
  peer_.finish_sending();
  EXPECT_EQ(try_read(*connection_), State::kEnd);
  EXPECT_EQ(connection_->failure(), Failure::kNone);
}

TEST_F(ConnectionTest, AReadWaitsForBytes) {
  const auto read = loop_.start(read_once(*connection_));
  loop_.settle();
  EXPECT_FALSE(read->has_value());
  peer_.send("late");
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value(); }));
  EXPECT_EQ((*read)->bytes, "late");
}

TEST_F(ConnectionTest, AReadThatWaitsSeesTheEnd) {
  const auto read = loop_.start(read_once(*connection_));
  loop_.settle();
  peer_.finish_sending();
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value(); }));
  EXPECT_EQ((*read)->state, State::kEnd);
}

TEST_F(ConnectionTest, EveryByteArrivesHoweverFewTheSocketTakes) {
  const std::string text = numbered(3'000'000);
  const auto written = loop_.start(write_pieces(*connection_, {"", text, "", "end"}));
  loop_.settle();
  EXPECT_FALSE(written->has_value());
  EXPECT_EQ(peer_.take_bytes(text.size() + 3), text + "end");
  ASSERT_TRUE(loop_.run_until([&] { return written->has_value(); }));
  EXPECT_TRUE(**written);
}

TEST_F(ConnectionTest, ManyPiecesArriveInOrder) {
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 100; ++i) {
    texts.push_back(i % 7 == 0 ? "" : numbered(static_cast<std::size_t>(i) * 100));
    all += texts.back();
  }
  const auto written = loop_.start(write_pieces(*connection_, std::move(texts)));
  EXPECT_EQ(peer_.take_bytes(all.size()), all);
  ASSERT_TRUE(loop_.run_until([&] { return written->has_value(); }));
  EXPECT_TRUE(loop_.run(write_pieces(*connection_, {})));
  EXPECT_TRUE(loop_.run(write_pieces(*connection_, {"", ""})));
}

TEST_F(ConnectionTest, ReadsAndWritesAtTheSameTime) {
  const std::string text = numbered(2'000'000);
  const auto written = loop_.start(write_pieces(*connection_, {text}));
  const auto read = loop_.start(read_once(*connection_));
  loop_.settle();
  peer_.send("meanwhile");
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value(); }));
  EXPECT_EQ((*read)->bytes, "meanwhile");
  EXPECT_FALSE(written->has_value());
  EXPECT_EQ(peer_.take_bytes(text.size()), text);
  ASSERT_TRUE(loop_.run_until([&] { return written->has_value(); }));
}

TEST_F(ConnectionTest, ADeadlineEndsAReadAndAWrite) {
  const auto written = loop_.start(write_pieces(*connection_, {numbered(3'000'000)}));
  const auto read = loop_.start(read_once(*connection_));
  connection_->expire_after(milliseconds(1));
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value() && written->has_value(); }));
  EXPECT_EQ((*read)->state, State::kFailed);
  EXPECT_FALSE(**written);
  EXPECT_EQ(connection_->failure(), Failure::kTimeout);
}

TEST_F(ConnectionTest, ADeadlineTakenBackEndsNothing) {
  const auto read = loop_.start(read_once(*connection_));
  connection_->expire_after(milliseconds(1));
  connection_->never_expire();
  loop_.pass(4 * kDeadlineTick);
  EXPECT_FALSE(read->has_value());
  peer_.send("x");
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value(); }));
  EXPECT_EQ((*read)->bytes, "x");
}

TEST_F(ConnectionTest, AbortEndsBothWaitsAndTheFirstReasonIsKept) {
  const auto written = loop_.start(write_pieces(*connection_, {numbered(3'000'000)}));
  const auto read = loop_.start(read_once(*connection_));
  loop_.settle();
  connection_->abort(Failure::kAborted);
  connection_->abort(Failure::kTls);
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value() && written->has_value(); }));
  EXPECT_EQ((*read)->state, State::kFailed);
  EXPECT_FALSE(**written);
  EXPECT_EQ(connection_->failure(), Failure::kAborted);
}

TEST_F(ConnectionTest, AfterAFailureNothingIsReadOrWritten) {
  peer_.send("unread");
  connection_->abort(Failure::kAborted);
  EXPECT_EQ(loop_.run(read_once(*connection_)).state, State::kFailed);
  EXPECT_FALSE(loop_.run(write_pieces(*connection_, {"x"})));
  EXPECT_FALSE(connection_->quiet());
  EXPECT_EQ(peer_.take_present(), "");
}

TEST_F(ConnectionTest, AForgivenTimeoutCanStillBeToldToThePeerAnAbortCannot) {
  connection_->expire_after(milliseconds(0));
  EXPECT_EQ(loop_.run(read_once(*connection_)).state, State::kFailed);
  EXPECT_FALSE(loop_.run(write_pieces(*connection_, {"too late"})));
  connection_->forgive(Failure::kTimeout);
  EXPECT_TRUE(loop_.run(write_pieces(*connection_, {"told"})));
  EXPECT_EQ(peer_.take_present(), "told");
  peer_.send("x");
  EXPECT_EQ(loop_.run(read_once(*connection_)).bytes, "x");
  connection_->abort(Failure::kAborted);
  connection_->forgive(Failure::kTimeout);
  EXPECT_EQ(connection_->failure(), Failure::kAborted);
}

TEST_F(ConnectionTest, APeerThatClosesOnUnreadBytesIsGone) {
  EXPECT_TRUE(loop_.run(write_pieces(*connection_, {"nobody reads this"})));
  peer_.close();
  EXPECT_EQ(loop_.run(read_once(*connection_)).state, State::kFailed);
  EXPECT_EQ(connection_->failure(), Failure::kPeerGone);
}

TEST_F(ConnectionTest, WritingToAPeerThatClosedFailsWithoutASignal) {
  peer_.close();
  EXPECT_FALSE(loop_.run(write_pieces(*connection_, {"x"})));
  EXPECT_EQ(connection_->failure(), Failure::kPeerGone);
}

TEST_F(ConnectionTest, IsQuietOnlyWhileNothingWaitsToBeRead) {
  EXPECT_TRUE(connection_->quiet());
  peer_.send("x");
  EXPECT_FALSE(connection_->quiet());
  EXPECT_EQ(try_read(*connection_), State::kData);  // quiet() took nothing away
  EXPECT_TRUE(connection_->quiet());
  peer_.finish_sending();
  EXPECT_FALSE(connection_->quiet());
}

TEST_F(ConnectionTest, HalfCloseLetsThePeerGoOn) {
  connection_->shutdown_write();
  EXPECT_EQ(peer_.take_rest(), "");
  peer_.send("still here");
  EXPECT_EQ(loop_.run(read_once(*connection_)).bytes, "still here");
}

// on_readable()

class ConnectionNotify : public ConnectionTest {
 protected:
  void watch() {
    connection_->on_readable([this] { ++notified_; });
  }
  int notified_ = 0;
};

TEST_F(ConnectionNotify, TellsOnceOfBytesThatTheNextReadStillGets) {
  watch();
  loop_.settle();
  EXPECT_EQ(notified_, 0);
  peer_.send("x");
  ASSERT_TRUE(loop_.run_until([&] { return notified_ > 0; }));
  peer_.send("y");
  loop_.settle();
  EXPECT_EQ(notified_, 1);
  EXPECT_EQ(loop_.run(read_once(*connection_)).bytes, "xy");
}

TEST_F(ConnectionNotify, TellsOfTheEnd) {
  watch();
  peer_.close();
  ASSERT_TRUE(loop_.run_until([&] { return notified_ == 1; }));
}

TEST_F(ConnectionNotify, TellsOfADeadlineAndOfAnAbortAtOnce) {
  watch();
  connection_->expire_after(milliseconds(0));
  ASSERT_TRUE(loop_.run_until([&] { return notified_ == 1; }));
  watch();
  connection_->abort(Failure::kAborted);
  EXPECT_EQ(notified_, 2);
}

TEST_F(ConnectionNotify, TakenBackTellsNothing) {
  watch();
  connection_->on_readable(nullptr);
  peer_.send("x");
  EXPECT_EQ(loop_.run(read_once(*connection_)).bytes, "x");
  EXPECT_EQ(notified_, 0);
}

TEST_F(ConnectionNotify, MayBeAskedForAgainWithinTheCall) {
  connection_->on_readable([this] {
    ++notified_;
    EXPECT_EQ(try_read(*connection_), State::kData);
    watch();
  });
  peer_.send("x");
  ASSERT_TRUE(loop_.run_until([&] { return notified_ == 1; }));
  loop_.settle();
  EXPECT_EQ(notified_, 1);
  peer_.send("y");
  ASSERT_TRUE(loop_.run_until([&] { return notified_ == 2; }));
}

TEST_F(ConnectionNotify, AnAbortWithinTheCallEndsTheWaitingRead) {
  const auto read = loop_.start(read_once(*connection_));
  loop_.settle();
  connection_->on_readable([this] { connection_->abort(Failure::kAborted); });
  peer_.send("x");
  ASSERT_TRUE(loop_.run_until([&] { return read->has_value(); }));
  EXPECT_EQ((*read)->state, State::kFailed);
}

TEST_F(ConnectionNotify, ADestroyedConnectionTellsNothing) {
  watch();
  connection_->expire_after(milliseconds(0));
  loop_.settle();
  peer_.send("x");
  connection_.reset();
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(notified_, 0);
}

// TLS

class TlsConnection : public ConnectionTest {
 protected:
  TlsConnection() : TlsConnection(socket_pair()) {}
  explicit TlsConnection(SocketPair pair) : ConnectionTest(socket_pair()) {
    ::signal(SIGPIPE, SIG_IGN);  // as the program does
    server_ = std::make_unique<Connection>(
        loop_.thread(), pair.theirs, authority_.server("DNS:localhost")->accept_on(pair.theirs));
    client_ = std::make_unique<Connection>(
        loop_.thread(), pair.ours,
        authority_.client()->connect_on(pair.ours, "localhost", nullptr));
  }
  void connect() {
    const auto server = loop_.start(shake(*server_));
    ASSERT_EQ(loop_.run(shake(*client_)), Failure::kNone);
    ASSERT_TRUE(loop_.run_until([&] { return server->has_value(); }));
    ASSERT_EQ(**server, Failure::kNone);
  }
  TestAuthority authority_;
  std::unique_ptr<Connection> server_, client_;
};

TEST_F(TlsConnection, CarriesBytesBothWaysAtTheSameTime) {
  connect();
  const std::string down = numbered(1'000'000);
  const std::string up = numbered(700'000);
  const auto sent_down = loop_.start(write_pieces(*server_, {down.substr(0, 10), down.substr(10)}));
  const auto sent_up = loop_.start(write_pieces(*client_, {up, "", "end"}));
  const auto got_up = loop_.start(read_bytes(*server_, up.size() + 3));
  EXPECT_EQ(loop_.run(read_bytes(*client_, down.size())), down);
  ASSERT_TRUE(loop_.run_until([&] { return got_up->has_value() && sent_up->has_value(); }));
  EXPECT_EQ(**got_up, up + "end");
  EXPECT_TRUE(**sent_down && **sent_up);
}

TEST_F(TlsConnection, SessionTicketsDoNotMakeItLessQuiet) {
  connect();
  // The server's tickets lie in the client's socket.
  EXPECT_TRUE(client_->quiet());
  EXPECT_TRUE(loop_.run(write_pieces(*server_, {"x"})));
  EXPECT_FALSE(client_->quiet());
  EXPECT_EQ(loop_.run(read_once(*client_)).bytes, "x");
  EXPECT_TRUE(client_->quiet());
}

TEST_F(TlsConnection, AnAnnouncedEndIsTheEnd) {
  connect();
  server_.reset();
  EXPECT_EQ(loop_.run(read_once(*client_)).state, State::kEnd);
}

TEST_F(TlsConnection, ACutIsNotTheEnd) {
  connect();
  ::shutdown(server_->socket(), SHUT_RDWR);  // no close_notify
  EXPECT_EQ(loop_.run(read_once(*client_)).state, State::kFailed);
  EXPECT_EQ(client_->failure(), Failure::kPeerGone);
}

TEST_F(TlsConnection, AHandshakeHasADeadline) {
  client_->expire_after(milliseconds(1));
  EXPECT_EQ(loop_.run(shake(*client_)), Failure::kTimeout);
}

TEST_F(TlsConnection, BytesThatAreNoTlsFailTheHandshake) {
  SocketPair pair = socket_pair();
  TestPeer stranger(loop_, pair.theirs);
  Connection connection(loop_.thread(), pair.ours,
                        authority_.server("DNS:localhost")->accept_on(pair.ours));
  stranger.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(loop_.run(shake(connection)), Failure::kTls);
  EXPECT_NE(connection.tls_detail(), "");
}

}  // namespace
}  // namespace tollgate::net
