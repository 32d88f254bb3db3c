#include "net/tls.h"

#include <gtest/gtest.h>

#include <fstream>

#include "net/test_authority.h"
#include "net/test_peer.h"

namespace tollgate::net {
namespace {

// Two endpoints in memory: what is proven here is what the contexts allow, not how bytes travel.
struct Shaken {
  bool client = false;
  bool server = false;
  std::string protocol;
  std::string alpn;
  long verdict = 0;
  bool resumed = false;
  SslSessionPtr session;
};

template <class Prepare>
Shaken shake(const TlsServerContext& server, const TlsClientContext& client,
             const std::string& host, Prepare prepare, SSL_SESSION* session = nullptr) {
  const SocketPair pair = socket_pair();
  const SslPtr ours = server.accept_on(pair.ours);
  const SslPtr theirs = client.connect_on(pair.theirs, host, session);
  prepare(theirs.get());
  Shaken shaken;
  for (int i = 0; i < 20; ++i) {
    if (!shaken.client) shaken.client = SSL_do_handshake(theirs.get()) == 1;
    if (!shaken.server) shaken.server = SSL_do_handshake(ours.get()) == 1;
  }
  char byte = 0;
  if (shaken.client) SSL_peek(theirs.get(), &byte, 1);  // takes the tickets in
  shaken.protocol = SSL_get_version(theirs.get());
  const unsigned char* alpn = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(theirs.get(), &alpn, &length);
  shaken.alpn = {reinterpret_cast<const char*>(alpn), length};
  shaken.verdict = SSL_get_verify_result(theirs.get());
  shaken.resumed = SSL_session_reused(theirs.get()) == 1;
  shaken.session.reset(SSL_get1_session(theirs.get()));
  SSL_shutdown(theirs.get());
  ::close(pair.ours);
  ::close(pair.theirs);
  return shaken;
}
Shaken shake(const TlsServerContext& server, const TlsClientContext& client,
             const std::string& host) {
  return shake(server, client, host, [](SSL*) {});
}

class TlsTest : public testing::Test {
 protected:
  std::string message(const Result<std::shared_ptr<const TlsServerContext>>& loaded) {
    if (loaded) return "(loaded)";
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidRequest);
    return loaded.error().message;
  }
  TestAuthority authority_;
};

TEST_F(TlsTest, VerifiesAHostByNameOrAddress) {
  const auto server = authority_.server("DNS:api.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1");
  for (const std::string host : {"api.test", "API.test", "a.wild.test", "127.0.0.1", "::1"}) {
    EXPECT_TRUE(shake(*server, *authority_.client(), host).client) << host;
  }
  for (const std::string host : {"other.test", "a.api.test", "a.b.wild.test", "127.0.0.2", "::2"}) {
    const Shaken shaken = shake(*server, *authority_.client(), host);
    EXPECT_FALSE(shaken.client) << host;
    EXPECT_NE(shaken.verdict, X509_V_OK) << host;
  }
}

TEST_F(TlsTest, TrustsNoAuthorityItWasNotTold) {
  const auto server = authority_.server("DNS:api.test");
  const auto without = TlsClientContext::load({}).value();
  EXPECT_FALSE(shake(*server, *without, "api.test").client);
  EXPECT_TRUE(
      shake(*server, *TlsClientContext::load({"", authority_.file()}).value(), "api.test").client);
}

TEST_F(TlsTest, OffersAndTakesHttp11Alone) {
  const auto server = authority_.server("DNS:api.test");
  EXPECT_EQ(shake(*server, *authority_.client(), "api.test").alpn, "http/1.1");
  const auto only_h2 = [](SSL* ssl) {
    const unsigned char h2[] = {2, 'h', '2'};
    SSL_set_alpn_protos(ssl, h2, sizeof h2);
  };
  EXPECT_FALSE(shake(*server, *authority_.client(), "api.test", only_h2).client);
  const auto none = [](SSL* ssl) { SSL_set_alpn_protos(ssl, nullptr, 0); };
  EXPECT_TRUE(shake(*server, *authority_.client(), "api.test", none).client);
}

TEST_F(TlsTest, SpeaksTls12And13AndNothingOlder) {
  const auto server = authority_.server("DNS:api.test");
  const auto only = [](int version) {
    return [version](SSL* ssl) {
      SSL_set_security_level(ssl, 0);
      SSL_set_min_proto_version(ssl, version);
      SSL_set_max_proto_version(ssl, version);
    };
  };
  const auto client = authority_.client();
  EXPECT_EQ(shake(*server, *client, "api.test", only(TLS1_3_VERSION)).protocol, "TLSv1.3");
  const Shaken older = shake(*server, *client, "api.test", only(TLS1_2_VERSION));
  EXPECT_TRUE(older.client);
  EXPECT_EQ(older.protocol, "TLSv1.2");
  EXPECT_FALSE(shake(*server, *client, "api.test", only(TLS1_1_VERSION)).client);
}

TEST_F(TlsTest, ResumesAnEarlierSession) {
  const auto server = authority_.server("DNS:api.test");
  const auto client = authority_.client();
  const Shaken first = shake(*server, *client, "api.test");
  ASSERT_TRUE(first.client && !first.resumed);
  const Shaken second = shake(*server, *client, "api.test", [](SSL*) {}, first.session.get());
  EXPECT_TRUE(second.client);
  EXPECT_TRUE(second.resumed);
}

TEST_F(TlsTest, ManyConnectionsResumeOneSession) {
  const auto server = authority_.server("DNS:api.test");
  const auto client = authority_.client();
  const Shaken first = shake(*server, *client, "api.test");
  for (int i = 0; i < 3; ++i) {
    const Shaken next = shake(*server, *client, "api.test", [](SSL*) {}, first.session.get());
    EXPECT_TRUE(next.resumed) << i;
  }
}

TEST_F(TlsTest, NamesTheFileThatCannotBeUsed) {
  const CertificateFiles files = authority_.issue("DNS:api.test");
  const CertificateFiles others = authority_.issue("DNS:api.test");
  const std::string absent = authority_.folder() + "/absent.pem";
  const std::string garbage = authority_.folder() + "/garbage.pem";
  std::ofstream(garbage) << "not a certificate\n";
  for (const std::string& bad : {absent, garbage}) {
    EXPECT_NE(message(TlsServerContext::load(bad, files.key)).find(bad), std::string::npos);
    EXPECT_NE(message(TlsServerContext::load(files.certificate, bad)).find(bad), std::string::npos);
    const auto client = TlsClientContext::load({authority_.file(), bad});
    ASSERT_FALSE(client);
    EXPECT_NE(client.error().message.find(bad), std::string::npos);
  }
  EXPECT_NE(message(TlsServerContext::load(files.certificate, others.key)).find(others.key),
            std::string::npos);
  EXPECT_EQ(message(TlsServerContext::load(files.certificate, files.key)), "(loaded)");
}

}  // namespace
}  // namespace tollgate::net
