#include "server/server.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "ledger/ledger.h"
#include "server/catalogue_keeper.h"
#include "server/first_start.h"
#include "server/master_key_file.h"
#include "server/workers.h"
#include "store/catalogue.h"

namespace tollgate {

namespace {

constexpr std::size_t kResolverThreads = 4;
// The longest that a drain waits for streams: no request outlives its provider's `total`.
constexpr std::chrono::seconds kDrainMax{3'600};
constexpr std::size_t kDescriptorsKept = 128;
constexpr long kDrainPaceNanos = 20'000'000;
// How late a price that is dated ahead may come into force.
constexpr time_t kTurnSeconds = 10;

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

// Where it listens, beside the socket by which the command line speaks to it: what that prints to
// be pasted has the port that was really taken.
std::string address_file(const Settings& settings) { return settings.data + "/admin.address"; }

void tell_address(const Settings& settings, const std::string& url) {
  const std::string path = address_file(settings);
  std::ofstream(path) << url << '\n';
  ::chmod(path.c_str(), S_IRUSR | S_IWUSR);  // as all that is in the directory
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
void reload_settings(const Settings& started, const ReloadSettings& reload, CatalogueKeeper& keeper,
                     Ledger& ledger) {
  Result<Settings> settings = reload();
  if (settings) settings->token_format = started.token_format;
  Status taken;
  if (settings) taken = keeper.reload(*settings);
  if (!settings || !taken) {
    log(LogLevel::kError, "reload refused, nothing was changed: {}",
        settings ? taken.error().message : settings.error().message);
    return;
  }
  configure_log(settings->log_level, settings->log_format);
  ledger.keep_rows(settings->retention_months);
  if (needs_restart(started, *settings)) {
    log(LogLevel::kWarning,
        "reloaded; listen, data, durability, threads, token_prefix, the master key, tls on or off "
        "and the limits on connections and heads change at a restart only");
  } else {
    log(LogLevel::kInfo, "reloaded");
  }
}

// What was made over the API, opened with the master key.
Result<std::unique_ptr<CatalogueKeeper>> open_catalogue(const Settings& settings, Ledger& ledger,
                                                        const Clock& clock, Random& random) {
  store::SealedCatalogue stored;
  const Status loaded = ledger.read_at_start([&stored](sql::Connection& connection) -> Status {
    Result<store::SealedCatalogue> found = store::load_catalogue(connection);
    if (!found) return std::unexpected(found.error());
    stored = std::move(*found);
    return {};
  });
  if (!loaded) return std::unexpected(loaded.error());
  const bool sealed = !stored.sealed.empty();
  Result<MasterKey> key =
      settings.master_key
          ? Result<MasterKey>(*settings.master_key)
          : load_master_key(settings.data,
                            sealed ? SealedBefore::kSomething : SealedBefore::kNothing, random);
  if (!key) return std::unexpected(key.error());
  auto keeper = CatalogueKeeper::start(settings, std::move(*key), std::move(stored), clock);
  if (keeper || keeper.error().code != ErrorCode::kConflict) return keeper;
  Error error = keeper.error();
  error.message +=
      settings.master_key
          ? " Start with the master key that was in TOLLGATE_MASTER_KEY when they were "
            "stored; nothing was changed."
          : " Put the former master.key back into the data directory, or give its key "
            "in TOLLGATE_MASTER_KEY; nothing was changed.";
  return std::unexpected(std::move(error));
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
  options.retention_months = settings.retention_months;
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

// Until SIGTERM or SIGINT. SIGHUP reloads; `turn` is called now and then.
void wait_for_the_end(const sigset_t& signals, const std::function<void()>& reload,
                      const std::function<void()>& turn) {
  const timespec pace{.tv_sec = kTurnSeconds, .tv_nsec = 0};
  for (;;) {
    siginfo_t info{};
    const int number = sigtimedwait(&signals, &info, &pace);
    if (number == SIGTERM || number == SIGINT) return;
    if (number == SIGHUP) reload();
    turn();
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
  SystemClock clock;
  const auto dashboard = Dashboard::from_pack(embedded_dashboard());
  if (!dashboard) return say_failed(dashboard.error());

  SystemRandom random;
  Metrics metrics;
  // The ledger wakes Tasks on these threads, so they outlive it; their loops end with the workers.
  IoThreads threads(static_cast<std::size_t>(settings.threads));
  auto ledger = Ledger::open(ledger_options(settings, clock, random, metrics));
  if (!ledger) return say_failed(ledger.error());

  auto keeper = open_catalogue(settings, **ledger, clock, random);
  if (!keeper) return say_failed(keeper.error());
  std::atomic<bool> draining = false;
  People people(clock, &metrics);
  AdminContext admin{
      .ledger = **ledger,
      .clock = clock,
      .random = random,
      .people = people,
      .snapshot = [&] { return (*keeper)->installation().gateway->targets->snapshot(); },
      .options = [&] { return (*keeper)->installation().admin; },
      .catalogue = (*keeper)->hooks(),
      .targets = [&] { return (*keeper)->installation().gateway->targets; }};
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
                  (*keeper)->installation());
  (*keeper)->serve_with([&workers](const Installation& now) { workers.use(now); });

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
  tell_address(settings, url);
  say("listening " + url + "\n" + *greeting);

  wait_for_the_end(
      signals, [&] { reload_settings(settings, reload, **keeper, **ledger); },
      [&] { (*keeper)->turn(); });
  draining = true;
  log(LogLevel::kInfo, "draining: a second signal cuts what still runs");
  const SteadyTime patience = std::chrono::steady_clock::now() + kDrainMax;
  workers.drain([&] { return told_to_cut(signals, patience); });
  ::unlink(address_file(settings).c_str());
  ::unlink((settings.data + "/admin.sock").c_str());
  return kExitOk;
}

}  // namespace tollgate
