#include "net/exchange.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>

#include "base/check.h"
#include "net/head_writer.h"
#include "net/http_session.h"

namespace tollgate::net {

namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), made once a second and thread.
std::string_view http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    gmtime_r(&now, &parts);
    text = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                       kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                       parts.tm_sec);
    made_at = now;
  }
  return text;
}

std::unexpected<Error> client_gone() {
  return fail(ErrorCode::kClientGone, "The client went away.");
}

}  // namespace

const RequestHead& Exchange::head() const { return session_.head_; }
const Peer& Exchange::peer() const { return session_.peer_; }
bool Exchange::client_gone() const { return session_.client_gone_; }

bool Exchange::response_started() const {
  return session_.answer_ != HttpSession::AnswerState::kNone;
}

Task<Result<std::string_view>> Exchange::read_body(std::size_t bytes_max) {
  return session_.read_body(bytes_max);
}

void Exchange::on_client_gone(std::function<void()> notify) {
  session_.notify_gone_ = std::move(notify);
  session_.watch_client();
}

void Exchange::on_closing(std::function<void()> notify) {
  if (notify && session_.closing_) return notify();
  session_.notify_closing_ = std::move(notify);
}

Task<Status> Exchange::respond(Response response) {
  HttpSession& session = session_;
  check(session.answer_ == HttpSession::AnswerState::kNone, "a request is answered once");
  session.after_ = session.after_answer();
  if (auto head = session.write_head(response, response.body.size()); !head) co_return head;
  session.answer_ = HttpSession::AnswerState::kDone;
  // Of a 304, as of an answer to HEAD, the length is that of what is not sent (RFC 9110 §8.6).
  const bool bodiless = session.head_.method == "HEAD" || response.status == 304;
  co_return co_await session.write_out(bodiless ? std::string_view() : response.body);
}

Task<Status> Exchange::start_stream(Response head) {
  HttpSession& session = session_;
  check(session.answer_ == HttpSession::AnswerState::kNone, "a request is answered once");
  session.after_ = session.after_answer();
  session.chunked_answer_ = session.head_.minor_version >= 1;
  if (!session.chunked_answer_ && session.after_ == HttpSession::AfterAnswer::kKeep) {
    session.after_ = HttpSession::AfterAnswer::kClose;
  }
  if (auto written = session.write_head(head, std::nullopt); !written) co_return written;
  session.answer_ = HttpSession::AnswerState::kStreaming;
  if (!head.body.empty()) {
    if (session.chunked_answer_) {
      append_chunk(session.out_, head.body);
    } else {
      session.out_.append(head.body);
    }
  }
  co_return co_await session.write_out();
}

Task<Status> Exchange::write(std::string_view bytes) {
  HttpSession& session = session_;
  check(session.answer_ == HttpSession::AnswerState::kStreaming, "a stream was started");
  if (bytes.empty()) co_return Status{};
  session.out_.clear();
  if (!session.chunked_answer_) co_return co_await session.write_out(bytes);
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16);
  session.out_.append(digits.data(), end.ptr).append("\r\n");
  co_return co_await session.write_out(bytes, "\r\n");
}

Task<Status> Exchange::finish(std::string_view last_bytes) {
  HttpSession& session = session_;
  check(session.answer_ == HttpSession::AnswerState::kStreaming, "a stream was started");
  session.answer_ = HttpSession::AnswerState::kDone;
  session.out_.clear();
  if (!session.chunked_answer_) {
    session.out_.append(last_bytes);
  } else {
    if (!last_bytes.empty()) append_chunk(session.out_, last_bytes);
    append_last_chunk(session.out_);
  }
  co_return co_await session.write_out();
}

void Exchange::abort_blocked_write() {
  session_.connection_.abort_blocked_write(Failure::kAborted);
}

void Exchange::abort_stream() {
  session_.answer_ = HttpSession::AnswerState::kAborted;
  session_.closing_ = true;
  if (!session_.chunked_answer_) session_.connection_.reset_on_close();
}

Status HttpSession::write_head(const Response& response, std::optional<std::size_t> length) {
  out_.clear();
  HeadWriter writer(out_);
  writer.status_line(response.status);
  writer.field("Date", http_date());
  if (!response.content_type.empty()) writer.field("Content-Type", response.content_type);
  for (const auto& [name, value] : response.fields) writer.field(name, value);
  if (length) {
    writer.length(*length);
  } else if (chunked_answer_) {
    writer.chunked();
  }
  if (after_ != AfterAnswer::kKeep) {
    writer.field("Connection", "close");
  } else if (head_.minor_version == 0) {
    writer.field("Connection", "keep-alive");
  }
  return writer.finish();
}

Task<Status> HttpSession::write_out(std::string_view second, std::string_view third) {
  if (client_gone_) co_return tollgate::net::client_gone();
  connection_.expire_after(options_.write_timeout);
  const std::array<std::string_view, 3> pieces = {out_, second, third};
  const bool written = co_await connection_.write_all(pieces);
  connection_.never_expire();
  if (!written) {
    client_gone_ = true;
    connection_.reset_on_close();
    co_return tollgate::net::client_gone();
  }
  co_return Status{};
}

}  // namespace tollgate::net
