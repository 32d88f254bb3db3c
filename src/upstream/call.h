// Call: one attempt at one offer, HTTP or sandbox: opened, read to its end or aborted. The gateway
// does not see which it is.
//
// SPEC §7 "Upstream edge": only the named headers are sent on and passed back; a coded answer is
// kProviderError; every wait has the provider's deadline.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "net/exchange.h"
#include "net/http_client.h"
#include "upstream/encode.h"
#include "upstream/sandbox_player.h"
#include "upstream/targets.h"

namespace tollgate {

// What the client sent, as far as the provider may see it. All borrowed until the Call is gone.
struct UpstreamRequest {
  const ChatRequest& request;
  std::string_view body;  // as the client wrote it
  const net::RequestHead& client_head;
  const Offer& offer;
  const Targets& targets;
  std::string_view public_model;          // what a simulated answer calls itself
  std::string_view call_id;               // for simulated answers: unique
  std::int64_t now_seconds = 0;           // Unix time, likewise
  std::chrono::milliseconds spent{0};     // of the provider's total deadline
  std::optional<OutputLimit> limit = {};  // what `encoded` sets where the client named none
  ResponsesBy responses = ResponsesBy::kTranslation;  // as `encoded` was made for
};

// The answer's head, as far as the client may see it.
struct UpstreamHead {
  int status = 0;
  std::string content_type;
  std::string retry_after;
  std::string request_id;
  bool event_stream = false;
};

class Call {
 public:
  // `encoded` is what encode() made of the request for this offer.
  Call(net::HttpClient& client, const UpstreamRequest& request, UpstreamBody encoded);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Sends the request and waits for the answer's head, of whatever status. kProviderError,
  // kProviderTimeout, or the reason given to abort().
  Task<Status> open();
  const UpstreamHead& head() const { return head_; }
  // The next bytes of the body, empty at its end; good until the next suspension.
  Task<Result<std::string_view>> read();
  // The whole body was read: the connection may serve again.
  void finish();
  // From this thread: ends any wait with `why` and closes the connection at once.
  void abort(ErrorCode why);
  // Whether the provider may have seen any of the request.
  bool sent() const;

 private:
  Task<Status> open_http();
  Status read_http_head();
  std::string request_head(const Target& target) const;

  const UpstreamRequest request_;
  UpstreamBody body_;
  std::unique_ptr<net::ClientCall> http_;
  std::unique_ptr<SandboxPlayer> sandbox_;
  UpstreamHead head_;
};

}  // namespace tollgate
