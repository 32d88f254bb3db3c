#include "server/workers.h"

#include <atomic>
#include <future>
#include <utility>

#include "net/problem.h"

namespace tollgate {

namespace {

constexpr std::size_t kAdminConnectionsMax = 256;

net::SessionOptions session_options(const Settings& settings, Random& random) {
  net::SessionOptions options;
  options.head = {.bytes = settings.limits.head_bytes, .fields = settings.limits.head_fields};
  options.head_timeout = settings.limits.client_head_timeout;
  options.body_timeout = settings.limits.client_body_timeout;
  options.idle_timeout = settings.limits.idle_timeout;
  options.render_error = [&random](const Error& error) {
    return net::problem_response(error, net::new_request_id(random));
  };
  return options;
}

}  // namespace

struct Workers::Worker {
  IoThread& thread;
  Gateway gateway;
  Plane plane;
  net::Handler handler;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::shared_ptr<const net::TlsServerContext> tls;

  Worker(IoThread& on, const WorkerParts& parts, const Installation& installation)
      : thread(on),
        gateway{on,
                parts.ledger,
                parts.clock,
                parts.random,
                net::HttpClient(on, parts.resolver),
                installation.gateway},
        plane{gateway, parts.admin, parts.metrics, parts.dashboard, parts.ready},
        handler([this](net::Exchange& exchange) { return route(plane, exchange); }),
        tls(installation.tls) {}
};

Workers::Workers(const Settings& settings, const WorkerParts& parts,
                 const Installation& installation)
    : session_options_(session_options(settings, parts.random)), threads_(parts.threads) {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    workers_.push_back(std::make_unique<Worker>(threads_[i], parts, installation));
  }
  threads_.start();
}

// What the loops still hold refers to the listeners, so they end first.
Workers::~Workers() { threads_.stop(); }

void Workers::on_each(const std::function<void(Worker&)>& work) {
  std::vector<std::promise<void>> done(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    asio::post(threads_[i].context(), [&work, &worker = *workers_[i], &promise = done[i]] {
      work(worker);
      promise.set_value();
    });
  }
  for (auto& promise : done) promise.get_future().wait();
}

Result<std::uint16_t> Workers::listen(const Settings& settings) {
  std::uint16_t port = settings.listen.port;
  const std::size_t share = settings.limits.connections_max / workers_.size() + 1;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto use = i == 0 ? net::PortUse::kFirst : net::PortUse::kShared;
    const auto bound = net::listen_tcp(settings.listen.host, port, use);
    if (!bound) return std::unexpected(bound.error());
    port = bound->port;
    Worker& worker = *workers_[i];
    worker.listeners.push_back(std::make_unique<net::Listener>(
        worker.thread, bound->socket, session_options_, worker.handler, share));
  }
  const auto local = net::listen_unix(settings.data + "/admin.sock");
  if (!local) return std::unexpected(local.error());
  workers_[0]->listeners.push_back(std::make_unique<net::Listener>(
      workers_[0]->thread, *local, session_options_, workers_[0]->handler, kAdminConnectionsMax));
  on_each([](Worker& worker) {
    for (auto& listener : worker.listeners) {
      listener->use_tls(worker.tls);
      listener->start();
    }
  });
  return port;
}

void Workers::use(const Installation& installation) {
  on_each([&installation](Worker& worker) {
    worker.gateway.state = installation.gateway;
    worker.tls = installation.tls;
    for (auto& listener : worker.listeners) listener->use_tls(installation.tls);
  });
}

void Workers::drain(const std::function<bool()>& cut) {
  on_each([](Worker& worker) {
    for (auto& listener : worker.listeners) listener->drain();
  });
  bool aborted = false;
  for (;;) {
    std::atomic<std::size_t> running = 0;
    on_each([&running](Worker& worker) { running += worker.thread.tasks().running(); });
    if (running == 0) break;
    if (cut() && !std::exchange(aborted, true)) {
      on_each([](Worker& worker) {
        for (auto& listener : worker.listeners) listener->abort_sessions();
      });
    }
  }
  on_each([](Worker& worker) {
    worker.gateway.client.close_idle();
    worker.listeners.clear();
  });
  threads_.join();
}

}  // namespace tollgate
