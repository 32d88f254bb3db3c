#include "admin/events.h"

#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "admin/json_fields.h"
#include "admin/provider_health.h"
#include "admin/sessions.h"
#include "domain/usage_row.h"
#include "ledger/live_feed.h"
#include "runtime/deadlines.h"

namespace tollgate {

namespace {

// When a browser comes back after its stream has ended.
constexpr std::string_view kRetry = "retry: 2000\n\n";
constexpr std::string_view kHeartbeat = ":\n\n";
// How long a client may take for the last word.
constexpr std::chrono::seconds kLastWord{1};
// How often in a row a stream stays when nobody can say whether its caller may watch.
constexpr int kUnansweredMax = 10;

std::string_view name_of(KeyChanged::How how) {
  switch (how) {
    case KeyChanged::How::kCreated:
      return "created";
    case KeyChanged::How::kUpdated:
      return "updated";
    case KeyChanged::How::kRevoked:
      return "revoked";
  }
  return "updated";
}

struct Rendered {
  std::string_view name;
  std::string json;
};

Rendered render(const RequestStored& request) {
  JsonFields fields;
  fields.text("id", generation_id(request.id))
      .time("admitted_at", request.admitted_at)
      .text("key", request.key.get())
      .text("key_name", request.key_name)
      .text("model", request.model)
      .number("status", request.status)
      .text_or_null("error_code", request.error_code)
      .money("cost", request.cost)
      .number("input_tokens", request.input_tokens)
      .number("output_tokens", request.output_tokens)
      .number("latency_ms", request.latency_ms);
  return {.name = "request", .json = fields.finish()};
}

Rendered render(const KeyChanged& changed) {
  return {.name = "key",
          .json = JsonFields()
                      .text("key", changed.key.get())
                      .text("change", name_of(changed.how))
                      .finish()};
}

Rendered render(const KeyUsed& used) {
  return {.name = "use",
          .json = JsonFields()
                      .text("key", used.key.get())
                      .number("requests", used.requests)
                      .number("errors", used.errors)
                      .time("last_at", used.last_at)
                      .finish()};
}

class EventStream {
 public:
  EventStream(AdminCall& call, std::unique_ptr<LiveFeed::Watcher> watcher)
      : call_(call), watcher_(std::move(watcher)) {}
  ~EventStream() {
    call_.exchange.on_client_gone(nullptr);
    call_.exchange.on_closing(nullptr);
  }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  Task<> run();

 private:
  enum class Permit { kMay, kMayNot, kUnanswered };

  bool over() const { return closing_ || call_.exchange.client_gone(); }
  SteadyTime now() const { return call_.context.clock.steady(); }
  net::Response head();
  Task<Permit> permit();
  Task<Permit> ask_permit();
  std::string news();
  void append(std::string& out, std::string_view name, std::string_view json);
  void append_provider_changes(std::string& out);
  ProviderBoard::Shared providers_now() const;
  Task<> finish();

  AdminCall& call_;
  const std::unique_ptr<LiveFeed::Watcher> watcher_;
  ProviderBoard::Shared providers_;  // as they were told, or were when the stream began
  std::uint64_t last_id_ = 0;
  SteadyTime permitted_at_ = now();
  int unanswered_ = 0;  // in a row
  bool closing_ = false;
};

Task<> EventStream::run() {
  net::Exchange& exchange = call_.exchange;
  const EventTiming& timing = call_.context.events;
  exchange.on_client_gone([this] { watcher_->wake(); });
  exchange.on_closing([this, &exchange] {
    closing_ = true;
    watcher_->wake();
    exchange.abort_blocked_write();
  });
  providers_ = providers_now();
  net::Response beginning = head();
  SteadyTime spoke_at = now();
  Status sent = co_await exchange.start_stream(std::move(beginning));
  while (sent && !over()) {
    co_await watcher_->wait(timing.check_every);
    if (over()) break;
    const Permit may = co_await permit();
    if (may == Permit::kMayNot || over()) break;
    if (may == Permit::kUnanswered) {
      co_await watcher_->rest(timing.check_every);
      continue;
    }
    const std::string text = news();
    if (text.empty() && now() - spoke_at < timing.heartbeat_every) continue;
    sent = co_await exchange.write(text.empty() ? kHeartbeat : std::string_view(text));
    spoke_at = now();
    if (sent && !over() && timing.gather.count() > 0) co_await watcher_->rest(timing.gather);
  }
  if (sent) co_await finish();
}

net::Response EventStream::head() {
  net::Response response;
  response.content_type = "text/event-stream";
  // A proxy that gathers answers would show nothing of this one.
  response.fields.emplace_back("X-Accel-Buffering", "no");
  add_common_fields(response, call_.request_id);
  response.body = kRetry;
  if (!call_.exchange.head().find("last-event-id").empty()) {
    append(response.body, "reset", "{}");
  }
  return response;
}

// Whether the caller may still see what this stream shows. kUnanswered: ask again later.
Task<EventStream::Permit> EventStream::permit() {
  const SteadyTime asked_at = now();
  if (asked_at - permitted_at_ < call_.context.events.answers_hold) co_return Permit::kMay;
  const Permit answer = co_await ask_permit();
  if (answer == Permit::kUnanswered) {
    co_return ++unanswered_ < kUnansweredMax ? Permit::kUnanswered : Permit::kMayNot;
  }
  unanswered_ = 0;
  permitted_at_ = asked_at;
  co_return answer;
}

Task<EventStream::Permit> EventStream::ask_permit() {
  const Session session = co_await open_session(call_.context, call_.context.options(),
                                                call_.exchange.head(), call_.exchange.peer());
  if (!session.by) {
    const bool busy = session.by.error().code == ErrorCode::kServiceUnavailable;
    co_return busy ? Permit::kUnanswered : Permit::kMayNot;
  }
  const bool here = !session.by->workspace || session.by->workspace == call_.workspace;
  co_return here ? Permit::kMay : Permit::kMayNot;
}

void EventStream::append(std::string& out, std::string_view name, std::string_view json) {
  fmt::format_to(std::back_inserter(out), "id: {}\nevent: {}\ndata: {}\n\n", ++last_id_, name,
                 json);
}

// What is to be told now, framed.
std::string EventStream::news() {
  std::string out;
  const LiveFeed::Watcher::Taken taken = watcher_->take();
  if (taken.missed == LiveFeed::Missed::kSomething) append(out, "reset", "{}");
  for (const auto& event : taken.events) {
    const Rendered rendered =
        std::visit([](const auto& what) { return render(what); }, event->what);
    append(out, rendered.name, rendered.json);
  }
  append_provider_changes(out);
  return out;
}

void EventStream::append_provider_changes(std::string& out) {
  ProviderBoard::Shared present = providers_now();
  if (present == providers_) return;
  const auto tell = [&](const std::string& id, std::string_view state) {
    const std::string json = JsonFields().text("id", id).text_or_null("state", state).finish();
    append(out, "provider", json);
  };
  for (const auto& [id, state] : *present) {
    const auto before = providers_->find(id);
    if (before == providers_->end() || before->second != state) tell(id, health_state_name(state));
  }
  for (const auto& [id, state] : *providers_) {
    if (!present->contains(id)) tell(id, "");
  }
  providers_ = std::move(present);
}

ProviderBoard::Shared EventStream::providers_now() const {
  AdminContext& context = call_.context;
  return context.board->states(*context.snapshot(), now(), context.events.answers_hold);
}

Task<> EventStream::finish() {
  Deadline patience(call_.http_client.thread().deadlines(),
                    [this] { call_.exchange.abort_blocked_write(); });
  patience.arm(kLastWord);
  (void)co_await call_.exchange.finish();
}

}  // namespace

Task<Result<net::Response>> watch_events(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto nothing = co_await call.exchange.read_body(0);
  if (!nothing) co_return std::unexpected(nothing.error());
  LiveFeed& feed = call.context.ledger.live();
  auto watcher = feed.watch(call.http_client.thread(), call.by.actor, call.workspace);
  if (!watcher) co_return std::unexpected(watcher.error());
  EventStream stream(call, std::move(*watcher));
  co_await stream.run();
  co_return net::Response();
}

}  // namespace tollgate
