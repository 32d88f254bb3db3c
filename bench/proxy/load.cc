// The clients of `script/bench proxy`: keep-alive connections that ask, check every answer, and
// read what the gateway's processes cost meanwhile.
//
//   bench_load --port P --body FILE --keys FILE --connections N --milliseconds M [--rate R] [--pid
//   PID]… bench_load --port P --body FILE --keys FILE --connections N --streams yes [--pid PID]…
//
// First every connection asks once, unmeasured, so that pools are warm. Then for M milliseconds:
// with
// --rate, R requests a second, each timed from the instant it was due (a late answer delays no
// other); without, as many as the connections carry. --streams opens N streams instead, and
// measures while all of them are open. Prints one JSON object. One thread.

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/answer_reader.h"
#include "proxy/process_cost.h"
#include "proxy/wire.h"

namespace tollgate::bench {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kDrain = 20 * kSecond;        // the longest wait for answers under way
constexpr std::int64_t kQuiet = 100 * kMillisecond;  // then the gateway finishes what it put off
constexpr std::int64_t kFailuresMax = 1'000;
constexpr std::size_t kOpeningMax = 64;  // streams whose first event is awaited at once

enum class Phase { kWarm, kMeasured, kDraining };

struct Client {
  int fd = -1;
  std::size_t index = 0;
  std::size_t sent = 0;
  std::size_t key = 0;
  std::int64_t started_ns = 0;
  bool asking = false;
  bool counted = false;  // as an open stream
  AnswerReader answer;
};

// What stood at one instant.
struct Mark {
  std::int64_t at_ns = 0;
  std::int64_t cpu = 0;
  std::int64_t events = 0;
};

class Load {
 public:
  explicit Load(const Options& options);
  std::string run_requests();
  std::string run_streams();

 private:
  void connect(Client& client);
  void ask(Client& client, std::int64_t started_ns);
  void write(Client& client);
  void read(Client& client);
  void finish(Client& client);
  void fail(Client& client, std::string_view why);
  void next(Client& client);
  void ask_what_is_due();
  void poll_until(std::int64_t deadline_ns);
  void drain();
  void quiet();
  void note_stream(Client& client, std::int64_t events_before);
  Mark mark() const { return {now_ns(), cpu_ns(pids_), events_}; }
  std::int64_t percentile_us(std::size_t per_thousand);
  std::string outcome(const Mark& before, const Mark& after);

  const int port_;
  const std::string body_;
  const std::int64_t rate_;
  const std::int64_t duration_ns_;
  const bool streams_;
  const std::vector<std::string> pids_;
  std::vector<std::string> heads_;  // one per key
  std::vector<Client> clients_;
  std::size_t next_key_ = 0;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::array<char, kReadBytes> buffer_;

  Phase phase_ = Phase::kWarm;
  std::vector<std::size_t> idle_;
  std::deque<std::int64_t> backlog_;  // due, and no connection was free
  std::int64_t next_due_ns_ = 0;
  std::int64_t end_ns_ = 0;
  std::size_t asking_ = 0;

  std::int64_t answers_ = 0;  // whole and good, the warm-up's too
  std::int64_t failures_ = 0;
  std::int64_t measured_ = 0;
  std::int64_t reconnects_ = 0;
  std::int64_t events_ = 0;
  std::string first_failure_;
  std::vector<std::int64_t> latencies_ns_;

  std::size_t opened_ = 0;
  Mark all_open_;
  Mark first_closed_;
  std::int64_t memory_before_kb_ = 0;
  std::int64_t memory_open_kb_ = 0;
};

Load::Load(const Options& options)
    : port_(static_cast<int>(options.number("port", 0))),
      body_(read_file(options.text("body"))),
      rate_(options.number("rate", 0)),
      duration_ns_(options.number("milliseconds", 1'000) * kMillisecond),
      streams_(!options.text("streams").empty()),
      pids_(options.all("pid")),
      clients_(static_cast<std::size_t>(options.number("connections", 1))) {
  std::istringstream keys(read_file(options.text("keys")));
  for (std::string key; keys >> key;) {
    heads_.push_back(fmt::format(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n"
        "User-Agent: tollgate-bench\r\nContent-Type: application/json\r\nAccept: */*\r\n"
        "Content-Length: {}\r\n\r\n",
        port_, key, body_.size()));
  }
  if (heads_.empty()) die("the file of keys is empty");
  for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i].index = i;
  latencies_ns_.reserve(1 << 20);
}

void Load::connect(Client& client) {
  client.fd = connect_to(port_);
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP,
                    .data = {.u64 = client.index}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &event) != 0) die("epoll_ctl");
}

void Load::ask(Client& client, std::int64_t started_ns) {
  client.asking = true;
  client.sent = 0;
  client.started_ns = started_ns;
  client.key = next_key_++ % heads_.size();
  client.answer.begin();
  ++asking_;
  if (client.fd < 0) {
    connect(client);  // epoll says when it can be written to
  } else {
    write(client);
  }
}

void Load::write(Client& client) {
  const std::string& head = heads_[client.key];
  while (client.sent < head.size() + body_.size()) {
    std::array<iovec, 2> parts{};
    int count = 0;
    const auto add = [&](const std::string& text, std::size_t skip) {
      if (skip < text.size()) {
        parts.at(static_cast<std::size_t>(count++)) = {const_cast<char*>(text.data()) + skip,
                                                       text.size() - skip};
      }
    };
    add(head, client.sent);
    add(body_, client.sent > head.size() ? client.sent - head.size() : 0);
    const long sent = writev(client.fd, parts.data(), count);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (sent < 0) return fail(client, "the gateway took no more of a request");
    client.sent += static_cast<std::size_t>(sent);
  }
}

void Load::read(Client& client) {
  for (;;) {
    const long got = recv(client.fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0 && client.asking) return fail(client, "the connection ended before the answer");
    if (got <= 0) {  // closed while idle: a server may
      close(client.fd);
      client.fd = -1;
      return;
    }
    if (!client.asking) return fail(client, "bytes that nobody asked for");
    const std::int64_t events_before = client.answer.events();
    const auto state = client.answer.feed({buffer_.data(), static_cast<std::size_t>(got)});
    if (streams_) note_stream(client, events_before);
    if (state == AnswerReader::State::kBroken) return fail(client, "an answer out of form");
    if (state == AnswerReader::State::kDone) return finish(client);
    if (static_cast<std::size_t>(got) < buffer_.size()) return;
  }
}

void Load::finish(Client& client) {
  if (!client.answer.good() || client.sent < body_.size()) {
    return fail(client,
                fmt::format("answer with status {} or without its end", client.answer.status()));
  }
  client.asking = false;
  --asking_;
  ++answers_;
  if (phase_ != Phase::kWarm) {
    ++measured_;
    latencies_ns_.push_back(now_ns() - client.started_ns);
  }
  if (client.answer.closes()) {
    close(client.fd);
    client.fd = -1;
    ++reconnects_;
  }
  next(client);
}

void Load::fail(Client& client, std::string_view why) {
  if (first_failure_.empty()) first_failure_ = why;
  if (++failures_ > kFailuresMax) phase_ = Phase::kDraining;
  close(client.fd);
  client.fd = -1;
  if (client.asking) --asking_;
  client.asking = false;
  if (streams_ && !client.counted) {
    client.counted = true;
    ++opened_;
  }
  next(client);
}

// A connection is free: what does it do?
void Load::next(Client& client) {
  if (phase_ != Phase::kMeasured || streams_) return;
  const std::int64_t now = now_ns();
  if (rate_ > 0) {
    if (backlog_.empty()) {
      idle_.push_back(client.index);
    } else {
      const std::int64_t due = backlog_.front();
      backlog_.pop_front();
      ask(client, due);
    }
  } else if (now < end_ns_) {
    ask(client, now);
  }
}

void Load::ask_what_is_due() {
  for (const std::int64_t now = now_ns(); next_due_ns_ <= now && next_due_ns_ < end_ns_;
       next_due_ns_ += kSecond / rate_) {
    if (idle_.empty()) {
      backlog_.push_back(next_due_ns_);
    } else {
      Client& client = clients_[idle_.back()];
      idle_.pop_back();
      ask(client, next_due_ns_);
    }
  }
}

void Load::poll_until(std::int64_t deadline_ns) {
  const std::int64_t wait = std::max<std::int64_t>(0, deadline_ns - now_ns());
  const timespec timeout{.tv_sec = wait / kSecond, .tv_nsec = wait % kSecond};
  std::array<epoll_event, 256> ready{};
  const int count = epoll_pwait2(epoll_, ready.data(), ready.size(), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready.at(static_cast<std::size_t>(i));
    Client& client = clients_[event.data.u64];
    if (client.fd >= 0 && client.asking && (event.events & EPOLLOUT) != 0) write(client);
    if (client.fd >= 0 && (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) read(client);
  }
}

void Load::drain() {
  const std::int64_t deadline = now_ns() + kDrain;
  while (asking_ > 0 && now_ns() < deadline) poll_until(deadline);
  failures_ += static_cast<std::int64_t>(asking_);
  if (asking_ > 0 && first_failure_.empty()) first_failure_ = "no answer";
}

void Load::quiet() {
  for (const std::int64_t end = now_ns() + kQuiet; now_ns() < end;) poll_until(end);
}

std::string Load::run_requests() {
  for (Client& client : clients_) ask(client, now_ns());
  drain();
  quiet();
  const Mark before = mark();
  phase_ = Phase::kMeasured;
  next_due_ns_ = now_ns();
  end_ns_ = next_due_ns_ + duration_ns_;
  for (Client& client : clients_) next(client);
  for (;;) {
    if (rate_ > 0) ask_what_is_due();
    const std::int64_t now = now_ns();
    if (now >= end_ns_ && backlog_.empty()) break;
    if (phase_ == Phase::kDraining || now > end_ns_ + kDrain) break;
    poll_until(rate_ > 0 ? std::min(next_due_ns_, end_ns_) : end_ns_);
  }
  phase_ = Phase::kDraining;
  drain();
  Mark after = mark();
  quiet();
  after.cpu = cpu_ns(pids_);
  return outcome(before, after);
}

void Load::note_stream(Client& client, std::int64_t events_before) {
  events_ += client.answer.events() - events_before;
  if (!client.counted && client.answer.events() > 0) {
    client.counted = true;
    ++opened_;
  }
  if (client.answer.state() == AnswerReader::State::kDone && first_closed_.at_ns == 0) {
    memory_open_kb_ = resident_kb(pids_);
    first_closed_ = mark();
  }
}

std::string Load::run_streams() {
  memory_before_kb_ = resident_kb(pids_);
  phase_ = Phase::kMeasured;
  const Mark before = mark();
  const std::int64_t deadline = now_ns() + kDrain;
  for (std::size_t started = 0; opened_ < clients_.size() && now_ns() < deadline;) {
    while (started < clients_.size() && started - opened_ < kOpeningMax) {
      ask(clients_[started++], now_ns());
    }
    poll_until(deadline);
  }
  all_open_ = mark();
  drain();
  Mark after = mark();
  quiet();
  after.cpu = cpu_ns(pids_);
  return outcome(before, after);
}

std::int64_t Load::percentile_us(std::size_t per_thousand) {
  if (latencies_ns_.empty()) return 0;
  const auto at = latencies_ns_.begin() +
                  static_cast<std::ptrdiff_t>(latencies_ns_.size() * per_thousand / 1'000);
  std::nth_element(latencies_ns_.begin(), at, latencies_ns_.end());
  return *at / 1'000;
}

std::string Load::outcome(const Mark& before, const Mark& after) {
  return fmt::format(
      "{{\"answers\":{},\"failures\":{},\"first_failure\":\"{}\",\"reconnects\":{},\"measured\":{},"
      "\"elapsed_ns\":{},\"cpu_ns\":{},\"p50_us\":{},\"p99_us\":{},\"events\":{},"
      "\"open_ns\":{},\"open_cpu_ns\":{},\"open_events\":{},"
      "\"memory_before_kb\":{},\"memory_open_kb\":{}}}\n",
      answers_, failures_, first_failure_, reconnects_, measured_, after.at_ns - before.at_ns,
      after.cpu - before.cpu, percentile_us(500), percentile_us(990), events_,
      first_closed_.at_ns - all_open_.at_ns, first_closed_.cpu - all_open_.cpu,
      first_closed_.events - all_open_.events, memory_before_kb_, memory_open_kb_);
}

}  // namespace
}  // namespace tollgate::bench

int main(int argc, char** argv) {
  using tollgate::bench::Load;
  using tollgate::bench::Options;
  (void)std::signal(SIGPIPE, SIG_IGN);
  const Options options(argc, argv);
  const auto load = std::make_unique<Load>(options);
  const std::string outcome =
      options.text("streams").empty() ? load->run_requests() : load->run_streams();
  (void)std::fwrite(outcome.data(), 1, outcome.size(), stdout);
  return 0;
}
