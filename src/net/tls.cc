#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/check.h"

namespace tollgate::net {

namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, SslContextFree>;

ContextPtr new_context(const SSL_METHOD* method) {
  ContextPtr context(SSL_CTX_new(method));
  check(context != nullptr, "OpenSSL gives a context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read takes a whole record, not its head and then the rest.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  return context;
}

bool is_ip_literal(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// Only http/1.1 is offered and taken: a client that insists on h2 is told so by ALPN.
constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                unsigned int in_length, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, kAlpn.data(), kAlpn.size(), in, in_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::string ssl_error_text() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no TLS error reported";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::load(
    const std::string& certificate_file, const std::string& key_file) {
  ERR_clear_error();
  ContextPtr context = new_context(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return fail(ErrorCode::kInvalidRequest, "The TLS certificate " + certificate_file +
                                                " cannot be used: " + ssl_error_text() + ".");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(ErrorCode::kInvalidRequest,
                "The TLS private key " + key_file + " cannot be used: " + ssl_error_text() + ".");
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return fail(ErrorCode::kInvalidRequest, "The TLS private key " + key_file +
                                                " does not belong to the certificate " +
                                                certificate_file + ".");
  }
  SSL_CTX_set_alpn_select_cb(context.get(), select_alpn, nullptr);
  return std::shared_ptr<const TlsServerContext>(new TlsServerContext(context.release()));
}

SslPtr TlsServerContext::accept_on(int socket) const {
  SslPtr ssl(SSL_new(context_.get()));
  check(ssl != nullptr && SSL_set_fd(ssl.get(), socket) == 1, "OpenSSL takes the socket");
  SSL_set_accept_state(ssl.get());
  return ssl;
}

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::load(
    const std::vector<std::string>& ca_files) {
  ERR_clear_error();
  ContextPtr context = new_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // The caller keeps sessions. OpenSSL's own cache would also mark one that was resumed as used up,
  // so that of many connections opened at once only the first would resume.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_protos(context.get(), kAlpn.data(), kAlpn.size());
  SSL_CTX_set_default_verify_paths(context.get());
  for (const std::string& file : ca_files) {
    if (file.empty()) continue;
    if (SSL_CTX_load_verify_locations(context.get(), file.c_str(), nullptr) != 1) {
      return fail(ErrorCode::kInvalidRequest, "The file of certificate authorities " + file +
                                                  " cannot be used: " + ssl_error_text() + ".");
    }
  }
  return std::shared_ptr<const TlsClientContext>(new TlsClientContext(context.release()));
}

SslPtr TlsClientContext::connect_on(int socket, const std::string& host,
                                    SSL_SESSION* session) const {
  SslPtr ssl(SSL_new(context_.get()));
  check(ssl != nullptr && SSL_set_fd(ssl.get(), socket) == 1, "OpenSSL takes the socket");
  if (is_ip_literal(host)) {
    check(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1,
          "the address can be verified");
  } else {
    check(SSL_set1_host(ssl.get(), host.c_str()) == 1, "the host name can be verified");
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  }
  if (session != nullptr) SSL_set_session(ssl.get(), session);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace tollgate::net
