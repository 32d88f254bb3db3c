#include "ledger/live_keys.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate {

// Guarded by LiveKeys' mutex, but for the counters, which are atomic.
struct KeySlot {
  std::int64_t number = 0;
  std::shared_ptr<const LiveKey> live;
  std::deque<UseCounter> use;  // oldest secret first: addresses stay
};

namespace {

std::unexpected<Error> expired(std::string message) {
  return fail(ErrorCode::kExpiredApiKey, std::move(message));
}

// In the precedence of KeyStatus; a dead secret counts as expired.
Status usable(const Key& key, const KeySecret& secret, WallTime now) {
  if (key.revoked_at) {
    return expired("This API key has been revoked. Create a new key, or ask its owner for one.");
  }
  if (secret.retires_at && *secret.retires_at <= now) {
    return expired(
        "This API key's secret was replaced by a rotation. Use the secret that the rotation gave, "
        "or rotate the key again.");
  }
  if (key.policy.expires_at && *key.policy.expires_at <= now) {
    return expired("This API key expired at " + format_time(*key.policy.expires_at) +
                   ". Move its expiry, or use another key.");
  }
  if (!key.policy.enabled) {
    return fail(ErrorCode::kDisabledApiKey,
                "This API key is switched off. Switch it on again, or use another key.");
  }
  return {};
}

std::vector<Cidr> parse_networks(const std::vector<std::string>& texts) {
  std::vector<Cidr> networks;
  networks.reserve(texts.size());
  for (const std::string& text : texts) {
    Result<Cidr> network = Cidr::parse(text);
    check(network.has_value(), "a stored key has an allowed_ips entry that is no network");
    networks.push_back(*network);
  }
  return networks;
}

std::size_t index_of(const Key& key, std::size_t age) { return key.secrets.size() - 1 - age; }

}  // namespace

LiveKeys::LiveKeys() = default;
LiveKeys::~LiveKeys() = default;

std::size_t LiveKeys::NameHash::operator()(const Name& name) const noexcept {
  return std::hash<std::string>{}(name.first) * 31 + std::hash<std::string>{}(name.second);
}

KeySlot& LiveKeys::slot_for(const Key& key) {
  auto [found, added] = by_id_.try_emplace(key.id, nullptr);
  if (added) {
    check(slots_.empty() || slots_.back().number < key.number, "key numbers must rise");
    found->second = &slots_.emplace_back();
    found->second->number = key.number;
  }
  return *found->second;
}

void LiveKeys::rename(KeySlot& slot, const Key& key) {
  if (slot.live && !slot.live->key.revoked_at) {
    by_name_.erase({slot.live->key.workspace.get(), slot.live->key.policy.name});
  }
  if (!key.revoked_at) by_name_[{key.workspace.get(), key.policy.name}] = &slot;
}

void LiveKeys::put(Key key, std::span<const UseCount> use, Inflight inflight) {
  auto live = std::make_shared<LiveKey>();
  live->allowed_ips = parse_networks(key.policy.allowed_ips);
  const std::size_t secrets = key.secrets.size();
  live->use.reserve(secrets);
  std::shared_ptr<const LiveKey> before;  // freed after the lock
  Lock lock(mutex_);
  KeySlot& slot = slot_for(key);
  check(secrets > 0 && slot.use.size() <= secrets, "a key never loses a secret");
  for (std::size_t age = slot.use.size(); age < secrets; ++age) {
    const std::size_t index = index_of(key, age);
    slot.use.emplace_back(index < use.size() ? use[index] : UseCount{});
    by_hash_[key.secrets[index].hash] = {.slot = &slot, .age = age};
  }
  for (std::size_t i = 0; i < secrets; ++i) live->use.push_back(&slot.use[secrets - 1 - i]);
  rename(slot, key);
  live->slot = &slot;
  live->key = std::move(key);
  before = std::exchange(slot.live, std::move(live));
  if (inflight == Inflight::kAbort) abort_open(slot);
}

Result<Identity> LiveKeys::authenticate(const Sha256& hash, WallTime now) const {
  Identity identity;
  {
    Lock lock(mutex_);
    auto found = by_hash_.find(hash);
    if (found == by_hash_.end()) {
      return fail(ErrorCode::kInvalidApiKey,
                  "This API key is not known here. Check that it was copied whole, and that it was "
                  "made on this gateway.");
    }
    identity.live = found->second.slot->live;
    identity.secret_index = index_of(identity.live->key, found->second.age);
  }
  Status status = usable(identity.key(), identity.secret(), now);
  if (!status) return std::unexpected(status.error());
  return identity;
}

Result<LiveKeys::Place> LiveKeys::admit(const Identity& identity, WallTime now,
                                        CancelHandle cancel) {
  const KeySlot* slot = identity.live->slot;
  check(slot != nullptr, "an Identity comes from authenticate()");
  const std::size_t age = identity.key().secrets.size() - 1 - identity.secret_index;
  Lock lock(mutex_);
  const Key& key = slot->live->key;
  Status status = usable(key, key.secrets[index_of(key, age)], now);
  if (!status) return std::unexpected(status.error());
  Open open{
      .slot = slot, .use = identity.live->use[identity.secret_index], .cancel = std::move(cancel)};
  if (free_.empty()) {
    open_.push_back(std::move(open));
    return static_cast<Place>(open_.size() - 1);
  }
  const Place place = free_.back();
  free_.pop_back();
  open_[place] = std::move(open);
  return place;
}

UseCounter* LiveKeys::seal(Place place) {
  CancelHandle dropped;  // freed after the lock
  Lock lock(mutex_);
  dropped.swap(open_[place].cancel);
  return open_[place].use;
}

void LiveKeys::release(std::span<const Place> places) {
  Lock lock(mutex_);
  for (const Place place : places) {
    check(open_[place].slot != nullptr, "a reservation ends once");
    open_[place] = {};
    free_.push_back(place);
  }
}

std::size_t LiveKeys::open_reservations() const {
  Lock lock(mutex_);
  return open_.size() - free_.size();
}

void LiveKeys::abort_open(const KeySlot& slot) {
  for (Open& open : open_) {
    if (open.slot != &slot || !open.cancel) continue;
    open.cancel();
    open.cancel = nullptr;
  }
}

std::shared_ptr<const LiveKey> LiveKeys::find(const KeyId& id) const {
  Lock lock(mutex_);
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second->live;
}

std::shared_ptr<const LiveKey> LiveKeys::find(const WorkspaceId& workspace,
                                              const std::string& name) const {
  const Name wanted(workspace.get(), name);
  Lock lock(mutex_);
  auto found = by_name_.find(wanted);
  return found == by_name_.end() ? nullptr : found->second->live;
}

void LiveKeys::copy_older(std::int64_t before, std::size_t count,
                          std::vector<std::shared_ptr<const LiveKey>>& out) const {
  out.clear();
  Lock lock(mutex_);
  auto end = std::lower_bound(
      slots_.begin(), slots_.end(), before,
      [](const KeySlot& slot, std::int64_t number) { return slot.number < number; });
  while (end != slots_.begin() && out.size() < count) out.push_back((--end)->live);
}

KeyView view_of(const LiveKey& live, WallTime now) {
  const Key& key = live.key;
  KeyView view{.key = key,
               .use = {},
               .secret_use = {},
               .limits = unused_limits(key.id.get(), key.policy.limits, now, key.created_at),
               .status = key_status(key, now)};
  for (const UseCounter* counter : live.use) {
    view.secret_use.push_back(counter->read());
    view.use = view.use + view.secret_use.back();
  }
  return view;
}

}  // namespace tollgate
