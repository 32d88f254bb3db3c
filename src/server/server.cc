#include "server/server.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "ledger/ledger.h"
#include "server/first_start.h"
#include "server/installation.h"
#include "server/workers.h"

namespace tollgate {

namespace {

constexpr std::size_t kResolverThreads = 4;
// The longest that a drain waits for streams: no request outlives its provider's `total`.
constexpr std::chrono::seconds kDrainMax{3'600};
constexpr std::size_t kDescriptorsKept = 128;
constexpr long kDrainPaceNanos = 20'000'000;

// The newest installation, for the admin API's handlers on any thread.
class Current {
 public:
  // How the offers are doing, of every installation.
  Health& health() { return health_; }
  void set(Installation installation) {
    Lock lock(mutex_);
    installation_ = std::move(installation);
  }
  Installation get() {
    Lock lock(mutex_);
    return installation_;
  }

 private:
  Mutex mutex_;
  Installation installation_ TOLLGATE_GUARDED_BY(mutex_);
  Health health_;
};

sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int say_failed(const Error& error) {
  std::fprintf(stderr, "tollgate: %s\n", error.message.c_str());
  if (!error.detail.empty()) std::fprintf(stderr, "tollgate: %s\n", error.detail.c_str());
  return kExitFailed;
}

std::string url_of(const Settings& settings, std::uint16_t port) {
  const bool v6 = settings.listen.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + settings.listen.host + "]" : settings.listen.host;
  return (settings.tls.enabled() ? "https://" : "http://") + host + ":" + std::to_string(port);
}

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// What a running server cannot take over from a reloaded file.
bool needs_restart(const Settings& before, const Settings& after) {
  return before.listen.host != after.listen.host || before.listen.port != after.listen.port ||
         before.data != after.data || before.durability != after.durability ||
         before.threads != after.threads || before.tls.enabled() != after.tls.enabled() ||
         before.token_format.prefix() != after.token_format.prefix() ||
         before.limits.head_bytes != after.limits.head_bytes ||
         before.limits.head_fields != after.limits.head_fields ||
         before.limits.client_head_timeout != after.limits.client_head_timeout ||
         before.limits.client_body_timeout != after.limits.client_body_timeout ||
         before.limits.idle_timeout != after.limits.idle_timeout ||
         before.limits.connections_max != after.limits.connections_max;
}

// An invalid file changes nothing and says why (SPEC §11).
void reload_settings(const Settings& started, const ReloadSettings& reload, Current& current,
                     Workers& workers) {
  Result<Settings> settings = reload();
  if (settings) settings->token_format = started.token_format;
  if (!settings) {
    log(LogLevel::kError, "reload refused, nothing was changed: {}", settings.error().message);
    return;
  }
  Result<Installation> installation =
      make_installation(*settings, Catalogue(), current.health(), SystemClock().wall());
  if (installation && settings->tls.enabled() != started.tls.enabled()) {
    installation->tls = current.get().tls;
  }
  if (!installation) {
    log(LogLevel::kError, "reload refused, nothing was changed: {}", installation.error().message);
    return;
  }
  configure_log(settings->log_level, settings->log_format);
  // Requests first: what the admin API shows of a reload is true of them already.
  workers.use(*installation);
  current.set(*installation);
  if (needs_restart(started, *settings)) {
    log(LogLevel::kWarning,
        "reloaded; listen, data, durability, threads, token_prefix, tls on or off and the limits "
        "on "
        "connections and heads change at a restart only");
  } else {
    log(LogLevel::kInfo, "reloaded");
  }
}

LedgerOptions ledger_options(const Settings& settings, const Clock& clock, Random& random,
                             Metrics& metrics) {
  LedgerOptions options;
  options.data_dir = settings.data;
  options.durability =
      settings.durability == Settings::Durability::kFull ? Durability::kFull : Durability::kProcess;
  options.token_format = settings.token_format;
  options.clock = &clock;
  options.random = &random;
  options.metrics = &metrics;
  return options;
}

// The first start that came so far; one that failed before, on a busy port say, is no first start.
bool no_key_was_ever_made(const Ledger& ledger) {
  const auto live = ledger.list_keys({.limit = 1});
  const auto revoked = ledger.list_keys({.status = KeyStatus::kRevoked, .limit = 1});
  return live && revoked && live->keys.empty() && revoked->keys.empty();
}

// As many descriptors as the system lets us have; connections are bounded so that each may have one
// upstream, and files and the local socket theirs.
void fit_connections_to_descriptors(Settings& settings) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t descriptors = limit.rlim_cur;
  const std::size_t fitting = descriptors > 2 * kDescriptorsKept
                                  ? (descriptors - kDescriptorsKept) / 2
                                  : kDescriptorsKept / 4;
  if (fitting >= settings.limits.connections_max) return;
  log(LogLevel::kDebug, "at most {} connections: the system allows {} open files", fitting,
      descriptors);
  settings.limits.connections_max = fitting;
}

// Until SIGTERM or SIGINT. SIGHUP reloads.
void wait_for_the_end(const sigset_t& signals, const std::function<void()>& reload) {
  for (;;) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (number != SIGHUP) return;
    reload();
  }
}

// A second SIGTERM or SIGINT, or the end of patience, cuts what still runs.
bool told_to_cut(const sigset_t& signals, SteadyTime patience) {
  const timespec pace{.tv_sec = 0, .tv_nsec = kDrainPaceNanos};
  siginfo_t info{};
  const int number = sigtimedwait(&signals, &info, &pace);
  return number == SIGTERM || number == SIGINT || std::chrono::steady_clock::now() > patience;
}

}  // namespace

int serve(Settings settings, ReloadSettings reload) {
  const sigset_t signals = block_signals();
  configure_log(settings.log_level, settings.log_format);
  fit_connections_to_descriptors(settings);
  Current current;
  SystemClock clock;
  auto installation = make_installation(settings, Catalogue(), current.health(), clock.wall());
  if (!installation) return say_failed(installation.error());
  const auto dashboard = Dashboard::from_pack(embedded_dashboard());
  if (!dashboard) return say_failed(dashboard.error());

  SystemRandom random;
  Metrics metrics;
  // The ledger wakes Tasks on these threads, so they outlive it; their loops end with the workers.
  IoThreads threads(static_cast<std::size_t>(settings.threads));
  auto ledger = Ledger::open(ledger_options(settings, clock, random, metrics));
  if (!ledger) return say_failed(ledger.error());

  current.set(*installation);
  std::atomic<bool> draining = false;
  People people(clock);
  AdminContext admin{.ledger = **ledger,
                     .clock = clock,
                     .random = random,
                     .people = people,
                     .snapshot = [&] { return current.get().gateway->targets->snapshot(); },
                     .options = [&] { return current.get().admin; }};
  BlockingPool resolver_pool(kResolverThreads);
  net::Resolver resolver(resolver_pool);
  Workers workers(settings,
                  {.threads = threads,
                   .ledger = **ledger,
                   .clock = clock,
                   .random = random,
                   .metrics = metrics,
                   .admin = admin,
                   .dashboard = *dashboard,
                   .resolver = resolver,
                   .ready = [&] { return !draining && (*ledger)->ready(); }},
                  *installation);

  const auto port = workers.listen(settings);
  if (!port) return say_failed(port.error());
  const std::string url = url_of(settings, *port);
  auto greeting = offer_setup(**ledger, people.setup, random, workers.first_thread(), url);
  if (greeting && no_key_was_ever_made(**ledger)) {
    auto made = greet_operator(**ledger, workers.first_thread(), url);
    if (made) *made = *greeting + *made;
    greeting = std::move(made);
  }
  if (!greeting) {
    workers.drain([] { return true; });
    return say_failed(greeting.error());
  }
  say("listening " + url + "\n" + *greeting);

  wait_for_the_end(signals, [&] { reload_settings(settings, reload, current, workers); });
  draining = true;
  log(LogLevel::kInfo, "draining: a second signal cuts what still runs");
  const SteadyTime patience = std::chrono::steady_clock::now() + kDrainMax;
  workers.drain([&] { return told_to_cut(signals, patience); });
  ::unlink((settings.data + "/admin.sock").c_str());
  return kExitOk;
}

}  // namespace tollgate
