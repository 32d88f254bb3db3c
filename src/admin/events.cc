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

void append_event(std::string& out, std::uint64_t id, std::string_view name,
                  std::string_view json) {
  fmt::format_to(std::back_inserter(out), "id: {}\nevent: {}\ndata: {}\n\n", id, name, json);
}

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
  EventStream(AdminCall& call, LiveFeed& feed, std::unique_ptr<LiveFeed::Watcher> watcher)
      : call_(call), feed_(feed), watcher_(std::move(watcher)) {}

  Task<> run();

 private:
  bool over() const { return closing_ || call_.exchange.client_gone(); }
  net::Response head();
  Task<bool> allowed();
  std::string news();
  void append_provider_changes(std::string& out);
  ProviderStates providers_now() const {
    return provider_states(*call_.context.snapshot(), call_.context.clock.steady());
  }
  Task<> finish();

  AdminCall& call_;
  LiveFeed& feed_;
  const std::unique_ptr<LiveFeed::Watcher> watcher_;
  ProviderStates providers_;  // as they were told, or were when the stream began
  bool closing_ = false;
};

Task<> EventStream::run() {
  net::Exchange& exchange = call_.exchange;
  const EventTiming& timing = call_.context.events;
  const Clock& clock = call_.context.clock;
  exchange.on_client_gone([this] { watcher_->wake(); });
  exchange.on_closing([this, &exchange] {
    closing_ = true;
    watcher_->wake();
    exchange.abort_blocked_write();
  });
  providers_ = providers_now();
  net::Response beginning = head();
  SteadyTime spoke_at = clock.steady();
  Status sent = co_await exchange.start_stream(std::move(beginning));
  while (sent && !over()) {
    co_await watcher_->wait(timing.check_every);
    if (over()) break;
    const bool may = co_await allowed();
    if (!may) break;
    const std::string text = news();
    if (text.empty() && clock.steady() - spoke_at < timing.heartbeat_every) continue;
    sent = co_await exchange.write(text.empty() ? kHeartbeat : std::string_view(text));
    spoke_at = clock.steady();
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
    append_event(response.body, feed_.next_number(), "reset", "{}");
  }
  return response;
}

// Whether the caller may still see what this stream shows.
Task<bool> EventStream::allowed() {
  const Session now = co_await reopen_session(call_.context, call_.context.options(),
                                              call_.exchange.head(), call_.exchange.peer());
  if (!now.by) co_return false;
  co_return !now.by->workspace || now.by->workspace == call_.workspace;
}

// What is to be told now, framed.
std::string EventStream::news() {
  std::string out;
  const LiveFeed::Watcher::Taken taken = watcher_->take();
  if (taken.missed == LiveFeed::Missed::kSomething) {
    append_event(out, feed_.next_number(), "reset", "{}");
  }
  for (const auto& event : taken.events) {
    const Rendered rendered =
        std::visit([](const auto& what) { return render(what); }, event->what);
    append_event(out, event->number, rendered.name, rendered.json);
  }
  append_provider_changes(out);
  return out;
}

void EventStream::append_provider_changes(std::string& out) {
  ProviderStates now = providers_now();
  if (now == providers_) return;
  const auto tell = [&](const std::string& id, std::string_view state) {
    const std::string json = JsonFields().text("id", id).text_or_null("state", state).finish();
    append_event(out, feed_.next_number(), "provider", json);
  };
  for (const auto& [id, state] : now) {
    const auto before = providers_.find(id);
    if (before == providers_.end() || before->second != state) tell(id, health_state_name(state));
  }
  for (const auto& [id, state] : providers_) {
    if (!now.contains(id)) tell(id, "");
  }
  providers_ = std::move(now);
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
  EventStream stream(call, feed, std::move(*watcher));
  co_await stream.run();
  co_return net::Response();
}

}  // namespace tollgate
