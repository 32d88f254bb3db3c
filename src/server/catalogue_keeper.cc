#include "server/catalogue_keeper.h"

#include <utility>

#include "base/log.h"
#include "domain/whole_catalogue.h"
#include "routing/snapshot.h"

namespace tollgate {

CatalogueKeeper::CatalogueKeeper(Settings settings, MasterKey key, const Clock& clock)
    : key_(std::move(key)), clock_(clock), settings_(std::move(settings)) {}

Result<std::unique_ptr<CatalogueKeeper>> CatalogueKeeper::start(Settings settings, MasterKey key,
                                                                store::SealedCatalogue stored,
                                                                const Clock& clock) {
  std::unique_ptr<CatalogueKeeper> keeper(
      new CatalogueKeeper(std::move(settings), std::move(key), clock));
  if (Status used = keeper->use(std::move(stored)); !used) return std::unexpected(used.error());
  return keeper;
}

Installation CatalogueKeeper::installation() const {
  Lock lock(current_mutex_);
  return installation_;
}

std::shared_ptr<const Catalogue> CatalogueKeeper::file() const {
  Lock lock(current_mutex_);
  return file_;
}

CatalogueHooks CatalogueKeeper::hooks() {
  return {.master_key = &key_,
          .file = [this] { return file(); },
          .check = [this](const store::SealedCatalogue& stored) { return check(stored); },
          .use =
              [this](store::SealedCatalogue stored, CatalogueInForce in_force) {
                // Shared, since the pool's queue copies what it holds.
                auto told = std::make_shared<CatalogueInForce>(std::move(in_force));
                const bool taken = pool_.submit(
                    [this, stored = std::move(stored), told] { (*told)(use(stored)); });
                if (taken) return;
                (*told)(fail(ErrorCode::kServiceUnavailable,
                             "The change is stored, but too many others wait to come into force. "
                             "Repeat it shortly."));
              }};
}

Status CatalogueKeeper::check(const store::SealedCatalogue& stored) const {
  WholeCatalogue whole =
      whole_catalogue(*file(), stored.catalogue, built_in_catalogue(), clock_.wall());
  auto snapshot = build_snapshot(std::move(whole.catalogue));
  if (snapshot) return {};
  Error error = snapshot.error();
  error.code = ErrorCode::kUnprocessable;
  return std::unexpected(std::move(error));
}

Status CatalogueKeeper::use(store::SealedCatalogue stored) {
  Lock lock(change_mutex_);
  const std::int64_t version = stored.version;
  if (version <= version_) return {};  // what is newer holds already
  Result<Catalogue> opened = store::open_catalogue(std::move(stored), key_);
  if (!opened) return std::unexpected(opened.error());
  if (!pending_ || pending_->version < version) {
    pending_ = Pending{.catalogue = std::make_shared<const Catalogue>(std::move(*opened)),
                       .version = version};
  }
  Status changed = bring_pending();
  if (changed) return changed;
  // It is stored: whoever repeats it would be told that it is there already.
  return fail(ErrorCode::kServiceUnavailable,
              "The change is stored, and comes into force as soon as a file that the server needs "
              "can be read again: its log says which.",
              changed.error().message);
}

Status CatalogueKeeper::bring_pending() {
  Status changed = change(settings_, generation_, pending_->catalogue);
  if (!changed) return changed;
  version_ = pending_->version;
  pending_.reset();
  return changed;
}

Status CatalogueKeeper::reload(const Settings& settings) {
  Lock lock(change_mutex_);
  const bool tls_as_before = settings.tls.enabled() == settings_.tls.enabled();
  Settings taken = settings;
  // Whether we speak TLS at all changes at a restart only.
  if (!tls_as_before) taken.tls = settings_.tls;
  return change(taken, generation_ + 1, stored_);
}

void CatalogueKeeper::turn() {
  Lock lock(change_mutex_);
  if (pending_) {
    if (Status changed = bring_pending(); changed) {
      log(LogLevel::kInfo, "a change that waited for a file is in force");
    }
  }
  if (!next_price_change_ || clock_.wall() < *next_price_change_) return;
  if (Status changed = change(settings_, generation_, stored_); !changed) {
    log(LogLevel::kError, "prices that came due cannot be used: {}", changed.error().message);
  }
}

Status CatalogueKeeper::change(const Settings& settings, std::uint64_t generation,
                               std::shared_ptr<const Catalogue> stored) {
  const WallTime now = clock_.wall();
  Result<Installation> made =
      make_installation(settings, generation, *stored, health_, now, installation());
  if (!made) return std::unexpected(made.error());
  // Requests first: what the admin API shows of a change is true of them already.
  if (swap_) swap_(*made);
  {
    Lock lock(current_mutex_);
    installation_ = std::move(*made);
    file_ = std::make_shared<const Catalogue>(settings.catalogue);
  }
  settings_ = settings;
  generation_ = generation;
  stored_ = std::move(stored);
  next_price_change_ = built_in_catalogue().next_price_change(now);
  return {};
}

}  // namespace tollgate
