// HttpSession: one client connection's loop: read a head strictly, run the handler, leave the
// connection fit for the next request or close it. Lives on one I/O thread.
//
// SPEC §7 "Client edge": deadlines for head and body; an early refusal drains up to
// kDrainBytesMax and keeps the connection, beyond that it says so, half-closes, drops what comes
// for kLingerTime and closes, so that a client sees the answer and not a reset.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/buffer.h"
#include "net/connection.h"
#include "net/exchange.h"
#include "net/http_codec.h"

namespace tollgate::net {

inline constexpr std::size_t kDrainBytesMax = 256 * 1024;
inline constexpr std::chrono::milliseconds kLingerTime{2'000};

struct SessionOptions {
  HeadLimits head;
  std::chrono::milliseconds head_timeout{30'000};
  std::chrono::milliseconds body_timeout{60'000};   // silence while a body is sent
  std::chrono::milliseconds write_timeout{60'000};  // silence while an answer is taken
  std::chrono::milliseconds idle_timeout{75'000};   // between requests
  // What a head that cannot be read is answered with.
  std::function<Response(const Error&)> render_error;
};

using Handler = std::function<Task<>(Exchange&)>;

class HttpSession {
 public:
  HttpSession(IoThread& thread, int socket, SslPtr ssl, Peer peer, const SessionOptions& options,
              const Handler& handler);
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // Until the connection ends.
  Task<> run();
  // Ends the connection as soon as no request is being served.
  void close_when_idle();
  // Ends it now.
  void abort() { connection_.abort(Failure::kAborted); }

  boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
      hook;

 private:
  friend class Exchange;
  enum class BodyState { kUnread, kPartial, kRead };
  enum class AnswerState { kNone, kStreaming, kDone, kAborted };
  enum class AfterAnswer { kKeep, kClose, kLinger };

  Task<bool> serve_one();
  Task<bool> read_head();
  Task<> run_handler();
  Task<bool> finish_request();
  Task<> refuse_head(const Error& error);
  Task<> linger();
  void begin_request(std::size_t head_size);

  // The body, for Exchange.
  Task<Result<std::string_view>> read_body(std::size_t bytes_max);
  Task<Result<std::string_view>> read_sized_body();
  Task<Result<std::string_view>> read_chunked_body(std::size_t bytes_max);
  Task<Status> send_continue();
  Task<bool> drain_body();
  Error read_error() const;

  // The answer, for Exchange.
  Status write_head(const Response& response, std::optional<std::size_t> length);
  Task<Status> write_out(std::string_view second = {}, std::string_view third = {});
  AfterAnswer after_answer() const;
  void watch_client();
  void client_readable();

  IoThread& thread_;
  Connection connection_;
  Peer peer_;
  const SessionOptions& options_;
  const Handler& handler_;

  Buffer input_;              // the head, and what came with it; views point into it
  Buffer body_;               // a body that did not come with the head
  std::size_t consumed_ = 0;  // of input_, by the present request
  std::string leftover_;      // bytes behind a chunked body: the next request's
  RequestHead head_;
  std::string out_;  // the head being sent, or a chunk

  BodyState body_state_ = BodyState::kUnread;
  AnswerState answer_ = AnswerState::kNone;
  AfterAnswer after_ = AfterAnswer::kKeep;
  bool chunked_answer_ = false;
  bool continue_sent_ = false;
  bool client_gone_ = false;
  bool serving_ = false;
  bool closing_ = false;
  std::function<void()> notify_gone_;
  std::function<void()> notify_closing_;
};

}  // namespace tollgate::net
