// The I/O threads with what each of them serves: its part of the data plane, its listener, and, on
// the first, the local admin socket. Made and taken down by server.cc.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "admin/admin.h"
#include "base/error.h"
#include "base/metrics.h"
#include "config/settings.h"
#include "gateway/gateway.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "runtime/io_threads.h"
#include "server/installation.h"
#include "server/routes.h"

namespace tollgate {

struct WorkerParts {
  IoThreads& threads;
  Ledger& ledger;
  const Clock& clock;
  Random& random;
  Metrics& metrics;
  AdminContext& admin;
  const Dashboard& dashboard;
  net::Resolver& resolver;
  std::function<bool()> ready;
};

class Workers {
 public:
  Workers(const Settings& settings, const WorkerParts& parts, const Installation& installation);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Binds and starts to serve; returns the port. kConflict or kInvalidRequest when it cannot
  // listen.
  Result<std::uint16_t> listen(const Settings& settings);
  IoThread& first_thread() { return threads_[0]; }

  // What requests that begin from now on see.
  void use(const Installation& installation);
  // Accepts no more, and returns when every request is answered. `cut` is asked again and again
  // meanwhile, and paces that by blocking a little; once it says so, what still runs is cut.
  void drain(const std::function<bool()>& cut);

 private:
  struct Worker;
  void on_each(const std::function<void(Worker&)>& work);

  net::SessionOptions session_options_;
  IoThreads& threads_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tollgate
