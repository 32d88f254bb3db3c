// Origin: where an upstream request goes, read once from a base URL and shared by every thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/address_class.h"
#include "base/error.h"
#include "net/tls.h"

namespace tollgate::net {

// "http://proxy:3128": what HTTPS_PROXY says. Only http proxies, by CONNECT (RFC 9110 §9.3.6).
struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  // the Proxy-Authorization value; empty = none
};

// A base URL's parts. `path` has no trailing slash; "" for none.
struct UrlParts {
  bool https = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string path;
  std::string userinfo;
};
// kInvalidRequest unless http or https with a host and a port in 1–65535, without query or
// fragment.
Result<UrlParts> parse_url(std::string_view url);

struct Origin {
  std::string host;
  std::uint16_t port = 0;
  std::string host_header;                      // host, with brackets and port where needed
  std::shared_ptr<const TlsClientContext> tls;  // null = plain
  std::shared_ptr<const Proxy> proxy;           // null = direct; only with tls
  std::string pool_key;                         // equal for origins that may share connections
  // The addresses that the host may have. Each is looked at when it is connected to, whatever the
  // name meant before. A proxy's own address is the operator's to choose.
  AddressScope scope = AddressScope::kPrivateToo;
};

// `proxy` is used for https only.
Origin make_origin(const UrlParts& url, std::shared_ptr<const TlsClientContext> tls,
                   std::shared_ptr<const Proxy> proxy);

// The value of a Basic Authorization for "user:password" (RFC 7617).
std::string basic_authorization(std::string_view userinfo);

}  // namespace tollgate::net
