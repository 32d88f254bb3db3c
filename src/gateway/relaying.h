// Relaying: what one admitted request needs at hand while it is tried, answered and settled; the
// steps of relay(), which stand in relay.cc, and in relay_units.cc for what is no conversation.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/admitted.h"
#include "gateway/attempts.h"
#include "gateway/gateway.h"
#include "gateway/receipt.h"
#include "gateway/stream_relay.h"
#include "gateway/whole_answer.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// What became of an attempt.
enum class Step { kAnswered, kTryAgain };

// What a stream's last bytes are, once all attempts are metered.
using LastBytes = std::function<std::string(const Metered&)>;

// What one request needs at hand. Its functions are the leaves of relay(). A leaf that were
// compiled into the frame of its caller would cost every open stream the memory of all that may
// follow it.
struct Relaying {
  Gateway& gateway;
  net::Exchange& exchange;
  Admitted& admitted;
  Attempts attempts;
  // Of the attempt that is under way, or was last.
  Call* call = nullptr;  // null between attempts
  bool sent = false;     // whether its provider may have seen any of it
  std::string upstream_id = {};
  ResponsesBy responses = ResponsesBy::kTranslation;  // of the attempt
  bool once_more = false;  // the same offer, at once: asked in other words
  // Whose provider seems to have no path for responses: until it has answered one as a chat.
  const Offer* doubted = nullptr;
  std::int64_t next_number = 0;  // of the event that would follow in a stream
  Outcome outcome = {};
  Metered metered = {};  // of all attempts

  Task<> run();
  [[gnu::noinline]] Task<Status> prepare(const Attempts::Plan& plan);
  [[gnu::noinline]] Task<Step> attempt(UpstreamBody encoded);
  [[gnu::noinline]] Task<Step> refused();
  [[gnu::noinline]] Task<Step> whole();
  [[gnu::noinline]] Task<Step> audio();
  [[gnu::noinline]] Task<Step> events();
  [[gnu::noinline]] Task<> large(WholeAnswer& answer);
  [[gnu::noinline]] Task<Step> stream();
  [[gnu::noinline]] Task<> end_stream(LastBytes ending);
  Task<Step> answered_in_units();
  [[gnu::noinline]] Task<Step> counted();
  [[gnu::noinline]] Task<> answer_count(std::int64_t tokens);
  [[gnu::noinline]] Task<Status> settle();
  [[gnu::noinline]] Task<> answer_error(Error error);
  [[gnu::noinline]] Task<> settle_after_bug();

  const Offer& offer() const;
  AnswerDialect dialect() const;
  std::int64_t now_seconds() const;
  std::chrono::milliseconds spent_time() const;
  bool in_time(const Attempts::Plan& plan) const;
  bool curtailed() const;
  std::optional<Attempts::Plan> next_plan(const std::optional<Attempts::Plan>& last);
  bool lacks_responses(std::string_view body) const;
  void learn_of_responses() const;
  void lost(Error error);
  Step end_attempt(Again again);
  Step fail_attempt(Again again);
  net::Response head_of_answer() const;
  void add_route_fields(net::Response& answer) const;
  void add_upstream_id(net::Response& answer) const;
  StreamTerms stream_terms(std::string_view answer_id) const;
};

}  // namespace tollgate
