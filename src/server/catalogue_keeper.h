// CatalogueKeeper: what this installation offers right now, made of the file and of what was made
// over the API, and swapped whole whenever either changes, or a price that is dated ahead comes
// due.
//
// One per process, made at start. Changes come from the main thread (a reload, the time) and from
// the admin API (its own thread, so that no I/O thread waits for itself); they are taken one by
// one. Everybody else asks for the newest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "admin/catalogue_hooks.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/master_key.h"
#include "base/mutex.h"
#include "config/settings.h"
#include "routing/health.h"
#include "runtime/blocking_pool.h"
#include "server/installation.h"
#include "store/catalogue.h"

namespace tollgate {

class CatalogueKeeper {
 public:
  // What is in the database at start, opened with the key. kConflict, kInternal as
  // store::open_catalogue(), and what make_installation() refuses.
  static Result<std::unique_ptr<CatalogueKeeper>> start(Settings settings, MasterKey key,
                                                        store::SealedCatalogue stored,
                                                        const Clock& clock);
  CatalogueKeeper(const CatalogueKeeper&) = delete;
  CatalogueKeeper& operator=(const CatalogueKeeper&) = delete;

  // Any thread; the newest.
  Installation installation() const TOLLGATE_EXCLUDES(current_mutex_);
  // What the file says of the catalogue.
  std::shared_ptr<const Catalogue> file() const TOLLGATE_EXCLUDES(current_mutex_);
  // For the admin API. The keeper outlives what is given.
  CatalogueHooks hooks();

  // How requests come to see an installation; blocks until they do. To be told before the first
  // change.
  void serve_with(std::function<void(const Installation&)> swap) { swap_ = std::move(swap); }
  // Main thread: other settings. An error changes nothing.
  Status reload(const Settings& settings) TOLLGATE_EXCLUDES(change_mutex_);
  // Main thread, now and then: prices that have come due, and what is stored but could not be
  // brought into force.
  void turn() TOLLGATE_EXCLUDES(change_mutex_);

 private:
  CatalogueKeeper(Settings settings, MasterKey key, const Clock& clock);

  Status check(const store::SealedCatalogue& stored) const;
  Status use(store::SealedCatalogue stored) TOLLGATE_EXCLUDES(change_mutex_);
  // REQUIRES: there is something pending.
  Status bring_pending() TOLLGATE_REQUIRES(change_mutex_);
  // Of these two; swapped in unless it cannot be made.
  Status change(const Settings& settings, std::uint64_t generation,
                std::shared_ptr<const Catalogue> stored) TOLLGATE_REQUIRES(change_mutex_);

  const MasterKey key_;
  const Clock& clock_;
  Health health_;  // of every installation
  std::function<void(const Installation&)> swap_;

  Mutex change_mutex_;
  Settings settings_ TOLLGATE_GUARDED_BY(change_mutex_);
  std::uint64_t generation_ TOLLGATE_GUARDED_BY(change_mutex_) = 0;  // of settings_
  std::shared_ptr<const Catalogue> stored_ TOLLGATE_GUARDED_BY(change_mutex_);
  std::int64_t version_ TOLLGATE_GUARDED_BY(change_mutex_) = -1;  // of stored_
  std::optional<WallTime> next_price_change_ TOLLGATE_GUARDED_BY(change_mutex_);
  // Stored, and not in force: a file that it needs could not be read.
  struct Pending {
    std::shared_ptr<const Catalogue> catalogue;
    std::int64_t version = -1;
  };
  std::optional<Pending> pending_ TOLLGATE_GUARDED_BY(change_mutex_);

  mutable Mutex current_mutex_;
  Installation installation_ TOLLGATE_GUARDED_BY(current_mutex_);
  std::shared_ptr<const Catalogue> file_ TOLLGATE_GUARDED_BY(current_mutex_);

  BlockingPool pool_{1};  // last: what it runs uses the rest
};

}  // namespace tollgate
