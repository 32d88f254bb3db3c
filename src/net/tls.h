// TLS on OpenSSL, on the socket itself (no BIO pairs, buffers released when idle: about 15 KB a
// connection). Contexts are made at start and at reload, shared by all threads, and never changed.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace tollgate::net {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct SslSessionFree {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, SslSessionFree>;

// Our listener's certificate and key (PEM files; the chain in the certificate file).
class TlsServerContext {
 public:
  // kInvalidRequest with a message that names the file and what is wrong with it.
  static Result<std::shared_ptr<const TlsServerContext>> load(const std::string& certificate_file,
                                                              const std::string& key_file);
  // A TLS endpoint over the connected socket, waiting for the client's hello.
  SslPtr accept_on(int socket) const;

 private:
  explicit TlsServerContext(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, SslContextFree> context_;
};

// How we verify providers: the system's authorities, and those of `ca_files` beside them.
// Verification is never off, and the certificate must be for the host name.
class TlsClientContext {
 public:
  static Result<std::shared_ptr<const TlsClientContext>> load(
      const std::vector<std::string>& ca_files);
  // `session` resumes an earlier one and may be null.
  SslPtr connect_on(int socket, const std::string& host, SSL_SESSION* session) const;

 private:
  explicit TlsClientContext(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, SslContextFree> context_;
};

// The newest OpenSSL error of this thread as text, the queue emptied.
std::string ssl_error_text();

}  // namespace tollgate::net
