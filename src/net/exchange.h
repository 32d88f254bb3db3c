// Exchange: one HTTP request and its response writer. Made by http_session for each request, given
// to the one handler that the route table names, and used only on the connection's own thread.
//
// A handler answers exactly once: respond(), or start_stream() … write() … finish(). Whatever it
// leaves unread of the body the session drains or closes on (SPEC §7 "Client edge").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/http_message.h"
#include "runtime/task.h"

namespace tollgate::net {

class HttpSession;

// The other end of the client's connection.
struct Peer {
  std::string address;  // IP text; "" for a Unix socket
  bool unix_socket = false;
  bool tls = false;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

class Exchange {
 public:
  explicit Exchange(HttpSession& session) : session_(session) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const RequestHead& head() const;
  const Peer& peer() const;

  // The whole body, at most `bytes_max` (else kPayloadTooLarge, before it is read where
  // Content-Length says so). Answers `Expect: 100-continue` first. kClientGone, kRequestTimeout, or
  // kInvalidRequest for bad chunks. The view lives as long as the Exchange.
  Task<Result<std::string_view>> read_body(std::size_t bytes_max);

  // The whole answer in one write. An error says that the client is gone.
  Task<Status> respond(Response response);

  // A streamed answer (chunked; until close on HTTP/1.0).
  Task<Status> start_stream(Response head);  // head.body is sent as the first piece if not empty
  Task<Status> write(std::string_view bytes);
  Task<Status> finish(std::string_view last_bytes = {});  // last piece and end, in one write
  // Ends a started stream without its proper end: the client sees a cut connection.
  void abort_stream();

  // Ends a write() that waits for a client that does not read; nothing if none waits.
  void abort_blocked_write();

  bool response_started() const;
  bool client_gone() const;
  // Called once, on this thread, as soon as the client is seen to have gone (FIN or reset) while
  // the answer is pending. An empty function takes it back. REQUIRES: the body was read.
  void on_client_gone(std::function<void()> notify);
  // Called once, on this thread, when the server takes no more requests, at once if it does not
  // already: an answer without an end of its own is to end now. An empty function takes it back.
  void on_closing(std::function<void()> notify);

 private:
  HttpSession& session_;
};

}  // namespace tollgate::net
