// One request to the provider and its whole answer: bounded in time and size, TLS verified,
// redirects never followed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "net/http_client.h"
#include "net/origin.h"
#include "net/tls.h"
#include "runtime/task.h"

namespace tollgate::oidc {

inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;

// How to get there; made by server/ from the settings.
struct Reach {
  std::shared_ptr<const net::TlsClientContext> tls;
  std::function<std::shared_ptr<const net::Proxy>(const std::string& host, std::uint16_t port)>
      proxy = {};
  std::uint64_t generation = 0;  // connections are shared only within one
};

struct Request {
  std::string_view method = "GET";
  std::string url;            // is_oidc_url()
  Secret authorization = {};  // the field's whole value; empty = none
  Secret form = {};           // application/x-www-form-urlencoded; empty = no body
};

struct Reply {
  int status = 0;
  std::string content_type;  // as it stands
  std::string body;
};

// kProviderError or kProviderTimeout when no whole answer came; `detail` says which endpoint and
// how far it came, and never holds what was sent.
Task<Result<Reply>> fetch(net::HttpClient& client, const Reach& reach, Request request);

// One member of a form, "name=value", percent-encoded; with '&' before it unless it is the first.
void append_form(std::string& form, std::string_view name, std::string_view value);
// Percent-encoded as in a form or a query (RFC 3986's unreserved characters stay).
std::string url_encoded(std::string_view text);

}  // namespace tollgate::oidc
