// A small HTTP/1.1 client of the admin API: over DATA/admin.sock, which needs no credential, or
// over http(s) with a management key. One connection per request, blocking, every wait with a
// deadline.
//
// Built on Boost.Beast: nothing here is hot, and it never faces a client of ours.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "domain/http_url.h"

namespace tollgate::cli {

// Where the admin API is: a data directory's socket, or a URL.
struct AdminTarget {
  std::string data;            // the directory; used when there is no url
  std::optional<HttpUrl> url;  // its path is a prefix of every target
  Secret key;                  // for the url
};

struct AdminRequest {
  std::string method = "GET";
  std::string target;  // path and query
  std::string body = {};
  std::string accept = "application/json";
};

struct AdminAnswer {
  int status = 0;
  std::string body;
};

class AdminClient {
 public:
  // `silence` bounds the wait for the connection and for each piece of the answer.
  explicit AdminClient(AdminTarget target,
                       std::chrono::milliseconds silence = std::chrono::seconds(120));

  // Any HTTP status is an answer. kServiceUnavailable, with a message that says what to do, when
  // there is no server, it went away, took too long, or its certificate is not believed.
  Result<AdminAnswer> send(const AdminRequest& request) const;

  // Like send(), but hands the body of a 200 to `sink` piece by piece, until the sink has enough;
  // other bodies are returned.
  enum class Flow { kMore, kEnough };
  using Sink = std::function<Flow(std::string_view)>;
  Result<AdminAnswer> stream(const AdminRequest& request, const Sink& sink) const;

 private:
  Result<AdminAnswer> exchange(const AdminRequest& request, const Sink& sink) const;

  AdminTarget target_;
  std::chrono::milliseconds silence_;
};

// `text` as the value of a query parameter or a path segment (RFC 3986 §2.1).
std::string percent_encode(std::string_view text);

}  // namespace tollgate::cli
