#include "cli/admin_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/test_admin_server.h"

namespace tollgate::cli {
namespace {

using ::testing::HasSubstr;
using LocalEndpoint = boost::asio::local::stream_protocol::endpoint;

constexpr auto kShort = std::chrono::milliseconds(50);

class AdminClientTest : public ::testing::Test {
 protected:
  AdminClientTest() {
    std::string pattern = ::testing::TempDir() + "client_XXXXXX";
    data_ = ::mkdtemp(pattern.data());
  }
  ~AdminClientTest() override {
    server_.reset();
    std::filesystem::remove_all(data_);
  }

  void serve(TestSocketServer::Handler handler) {
    server_.emplace(LocalEndpoint(data_ + "/admin.sock"), std::move(handler));
  }
  AdminClient client(std::chrono::milliseconds silence = std::chrono::seconds(30)) const {
    return AdminClient({.data = data_, .url = {}, .key = {}}, silence);
  }
  std::string error_of(const Result<AdminAnswer>& answer) const {
    if (answer) return "(answered " + std::to_string(answer->status) + ")";
    EXPECT_EQ(answer.error().code, ErrorCode::kServiceUnavailable);
    return answer.error().message;
  }

  std::string data_;
  std::optional<TestSocketServer> server_;
};

TEST_F(AdminClientTest, SendsTheRequestAndReturnsAnyStatus) {
  serve([](const Received& received) { return Reply{.status = 418, .body = received.body}; });
  const auto answer = client().send({.method = "PATCH", .target = "/x?y=1", .body = R"({"a":1})"});
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_EQ(answer->status, 418);
  EXPECT_EQ(answer->body, R"({"a":1})");
  const Received received = server_->received().at(0);
  EXPECT_EQ(received.method, "PATCH");
  EXPECT_EQ(received.target, "/x?y=1");
  EXPECT_EQ(received.content_type, "application/json");
  EXPECT_EQ(received.host, "localhost");
  EXPECT_EQ(received.authorization, "");
}

TEST_F(AdminClientTest, ReadsLargeAndChunkedBodies) {
  const std::string large(3'000'000, 'x');
  serve([&](const Received& received) {
    if (received.target == "/large") return Reply{.body = large};
    return Reply{.raw =
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"};
  });
  EXPECT_EQ(client().send({.target = "/large"}).value().body, large);
  EXPECT_EQ(client().send({.target = "/chunked"}).value().body, "abcde");
}

TEST_F(AdminClientTest, StreamsOnlyASuccess) {
  serve([](const Received& received) {
    return Reply{.status = received.target == "/good" ? 200 : 500, .body = "body"};
  });
  std::string streamed;
  const auto sink = [&](std::string_view piece) {
    streamed += piece;
    return AdminClient::Flow::kMore;
  };
  EXPECT_EQ(client().stream({.target = "/good"}, sink).value().body, "");
  EXPECT_EQ(streamed, "body");
  EXPECT_EQ(client().stream({.target = "/bad"}, sink).value().body, "body");
  EXPECT_EQ(streamed, "body");
}

TEST_F(AdminClientTest, SaysThatNobodyServesTheDirectory) {
  EXPECT_THAT(error_of(client().send({.target = "/"})), HasSubstr("tollgate serve --data"));
  // A socket file that its server left behind.
  serve([](const Received&) { return Reply{}; });
  std::filesystem::rename(data_ + "/admin.sock", data_ + "/kept");
  server_.reset();
  std::filesystem::rename(data_ + "/kept", data_ + "/admin.sock");
  EXPECT_THAT(error_of(client().send({.target = "/"})), HasSubstr("No Tollgate is running"));
}

TEST_F(AdminClientTest, RefusesADirectoryTooLongForASocket) {
  const AdminClient far({.data = std::string(200, 'd'), .url = {}, .key = {}});
  EXPECT_THAT(error_of(far.send({.target = "/"})), HasSubstr("too long"));
}

TEST_F(AdminClientTest, GivesUpOnASilentServer) {
  serve([](const Received&) { return std::nullopt; });
  EXPECT_THAT(error_of(client(kShort).send({.target = "/"})), HasSubstr("too long"));
}

TEST_F(AdminClientTest, NoticesAnAnswerThatIsCutOrNoHttp) {
  serve([](const Received& received) {
    if (received.target == "/cut") {
      return Reply{.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"};
    }
    return Reply{.raw = "SSH-2.0-OpenSSH\r\n\r\n"};
  });
  EXPECT_THAT(error_of(client().send({.target = "/cut"})), HasSubstr("before its answer"));
  EXPECT_THAT(error_of(client().send({.target = "/ssh"})), HasSubstr("could not be read"));
}

TEST(PercentEncode, LeavesNothingThatCouldSplitATarget) {
  EXPECT_EQ(percent_encode("a b/c?\r\n\xc3\xa9~"), "a%20b%2Fc%3F%0D%0A%C3%A9~");
}

// A certificate for `name` that signs itself, with its key, as PEM.
struct Identity {
  std::string certificate, key;
};

Identity make_identity(const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());

  const auto text = [](auto write) {
    BIO* memory = BIO_new(BIO_s_mem());
    write(memory);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return out;
  };
  Identity identity{
      .certificate = text([&](BIO* memory) { PEM_write_bio_X509(memory, certificate); }),
      .key = text([&](BIO* memory) {
        PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
      })};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

// Serves one TLS connection on a loopback port: a handshake, one request, one answer.
class TlsServer {
 public:
  explicit TlsServer(const Identity& identity) {
    tls_.use_certificate(boost::asio::buffer(identity.certificate), boost::asio::ssl::context::pem);
    tls_.use_private_key(boost::asio::buffer(identity.key), boost::asio::ssl::context::pem);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() { thread_.join(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void serve() {
    namespace http = boost::beast::http;
    boost::system::error_code error;
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(acceptor_.accept(), tls_);
    stream.handshake(boost::asio::ssl::stream_base::server, error);
    if (error) return;
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(stream, buffer, request, error);
    if (error) return;
    http::response<http::string_body> response(http::status::ok, 11);
    response.body() = std::string(request[http::field::authorization]);
    response.prepare_payload();
    http::write(stream, response, error);
  }

  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{
      context_, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  std::thread thread_;
};

class AdminClientOverTls : public AdminClientTest {
 protected:
  ~AdminClientOverTls() override { ::unsetenv("SSL_CERT_FILE"); }

  // Makes the certificate one that this machine believes.
  void believe(const Identity& identity) {
    const std::string file = data_ + "/ca.pem";
    std::ofstream(file) << identity.certificate;
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  }
  Result<AdminAnswer> ask(std::uint16_t port) const {
    const auto url = parse_http_url("https://127.0.0.1:" + std::to_string(port));
    return AdminClient({.data = {}, .url = *url, .key = Secret("management-key")})
        .send({.target = "/"});
  }
};

TEST_F(AdminClientOverTls, ShowsItsKeyToACertificateItBelieves) {
  const Identity identity = make_identity("IP:127.0.0.1");
  believe(identity);
  TlsServer server(identity);
  const auto answer = ask(server.port());
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_EQ(answer->body, "Bearer management-key");
}

TEST_F(AdminClientOverTls, SendsNothingToACertificateThatNobodySigned) {
  TlsServer server(make_identity("IP:127.0.0.1"));
  EXPECT_THAT(error_of(ask(server.port())), HasSubstr("Nothing was sent"));
}

TEST_F(AdminClientOverTls, SendsNothingToACertificateOfAnotherHost) {
  const Identity identity = make_identity("DNS:elsewhere.example");
  believe(identity);
  TlsServer server(identity);
  EXPECT_THAT(error_of(ask(server.port())), HasSubstr("Nothing was sent"));
}

TEST_F(AdminClientOverTls, SaysThatNobodyAnswersThere) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor closed(
      context, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  const std::uint16_t port = closed.local_endpoint().port();
  closed.close();
  EXPECT_THAT(error_of(ask(port)), HasSubstr("No server answers at https://127.0.0.1"));
}

}  // namespace
}  // namespace tollgate::cli
