#include "ledger/live_keys.h"

#include <algorithm>

#include "base/check.h"
#include "ledger/key_slot.h"
#include "ledger/limit_use.h"

namespace tollgate {

namespace {

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

}  // namespace

LiveKeys::LiveKeys(const Clock& clock) : clock_(clock) {}
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
    const auto workspace = workspaces_.find(key.workspace);
    check(workspace != workspaces_.end(), "a key's workspace comes before it");
    found->second->budget =
        budgets_.add_key(*workspace->second.budget, key.policy.environment, key.created_at);
  }
  return *found->second;
}

void LiveKeys::rename(KeySlot& slot, const Key& key) {
  if (slot.live && !slot.live->key.revoked_at) {
    by_name_.erase({slot.live->key.workspace.get(), slot.live->key.policy.name});
  }
  if (!key.revoked_at) by_name_[{key.workspace.get(), key.policy.name}] = &slot;
}

void LiveKeys::replace_tokens(const KeySlot& slot, const Key& key) {
  for (std::size_t age = 0; age < slot.use.size(); ++age) {
    const Sha256& before = slot.live->key.secrets[index_of(slot.live->key, age)].hash;
    const Sha256& now = key.secrets[index_of(key, age)].hash;
    if (before == now) continue;
    by_hash_[now] = by_hash_.at(before);
    by_hash_.erase(before);
  }
}

void LiveKeys::put(Key key, std::span<const UseCount> use, const LimitUse& limit_use,
                   Inflight inflight) {
  auto live = std::make_shared<LiveKey>();
  live->allowed_ips = parse_networks(key.policy.allowed_ips);
  const std::size_t secrets = key.secrets.size();
  live->use.reserve(secrets);
  const std::vector<NumberedLimit> limits = numbered(key.policy.limits);
  std::shared_ptr<const LiveKey> before;  // freed after the lock
  Answers answers;
  {
    const Lock lock(mutex_);
    const Moment at = now();
    KeySlot& slot = slot_for(key);
    check(secrets > 0 && slot.use.size() <= secrets, "a key never loses a secret");
    replace_tokens(slot, key);
    for (std::size_t age = slot.use.size(); age < secrets; ++age) {
      const std::size_t index = index_of(key, age);
      slot.use.emplace_back(index < use.size() ? use[index] : UseCount{});
      by_hash_[key.secrets[index].hash] = {.slot = &slot, .age = age};
    }
    for (std::size_t i = 0; i < secrets; ++i) live->use.push_back(&slot.use[secrets - 1 - i]);
    rename(slot, key);
    const bool limited = !limits.empty() || (slot.live && !slot.live->key.policy.limits.empty());
    live->slot = &slot;
    live->key = std::move(key);
    before = std::exchange(slot.live, live);
    if (limited) {
      budgets_.set_key_limits(*slot.budget,
                              {.owner = live->key.id.get(),
                               .enforcement = live->key.policy.enforcement,
                               .limits = limits,
                               .use = &limit_use},
                              at, resolved_);
    }
    end_waits(slot, at, answers);
    collect(at, answers);
    if (inflight == Inflight::kAbort) abort_open(slot);
  }
  answers.tell();
}

void LiveKeys::put(const Workspace& workspace, const LimitUse& limit_use) {
  const std::vector<NumberedLimit> limits = numbered(workspace.limits);
  Answers answers;
  {
    const Lock lock(mutex_);
    const Moment at = now();
    WorkspaceSlot& slot = workspaces_[workspace.id];
    if (slot.budget == nullptr) slot.budget = budgets_.add_workspace(workspace.created_at);
    budgets_.set_test_clock(*slot.budget, workspace.test_clock_offset, at, resolved_);
    budgets_.set_workspace_limits(
        *slot.budget, {.owner = workspace.id.get(), .limits = limits, .use = &limit_use}, at,
        resolved_);
    const Money granted = Money::from_nanos(workspace.granted.nanos() - slot.deducted.nanos());
    const Money more = Money::from_nanos(granted.nanos() - slot.granted.nanos());
    budgets_.grant(*slot.budget, more, at, resolved_);
    slot.granted = granted;
    budgets_.set_balance_mode(*slot.budget, workspace.balance_mode, at, resolved_);
    collect(at, answers);
  }
  answers.tell();
}

void LiveKeys::set_charged(const WorkspaceId& workspace, Money charged) {
  const Lock lock(mutex_);
  WorkspaceSlot& slot = workspaces_.at(workspace);
  const Budgets::BalanceSetting balance{
      .mode = slot.budget->balance_mode, .granted = slot.granted, .charged = charged};
  budgets_.set_balance(*slot.budget, balance, now(), resolved_);
  check(resolved_.empty(), "what is charged is set before anybody waits");
}

bool LiveKeys::begin_deduction(const WorkspaceId& workspace, Money amount) {
  const Lock lock(mutex_);
  WorkspaceSlot& slot = workspaces_.at(workspace);
  const Balance balance = budgets_.balance(*slot.budget);
  const Result<Money> left = balance.available();
  if (balance.mode == BalanceMode::kPrepaid && (!left || *left < amount)) return false;
  const Money less = Money::from_nanos(-amount.nanos());
  budgets_.grant(*slot.budget, less, now(), resolved_);
  check(resolved_.empty(), "less money lets nobody through");
  slot.deducted = Money::from_nanos(slot.deducted.nanos() + amount.nanos());
  slot.granted = Money::from_nanos(slot.granted.nanos() - amount.nanos());
  return true;
}

void LiveKeys::end_deduction(const WorkspaceId& workspace, Money amount, Deduction outcome) {
  Answers answers;
  {
    const Lock lock(mutex_);
    WorkspaceSlot& slot = workspaces_.at(workspace);
    slot.deducted = Money::from_nanos(slot.deducted.nanos() - amount.nanos());
    if (outcome == Deduction::kFailed) {
      const Moment at = now();
      budgets_.grant(*slot.budget, amount, at, resolved_);
      slot.granted = Money::from_nanos(slot.granted.nanos() + amount.nanos());
      collect(at, answers);
    }
  }
  answers.tell();
}

std::shared_ptr<const LiveKey> LiveKeys::find(const KeyId& id) const {
  Lock lock(mutex_);
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second->live;
}

std::optional<Identity> LiveKeys::identity_of(const KeyId& id) const {
  const std::shared_ptr<const LiveKey> live = find(id);
  if (!live || live->key.secrets.empty()) return std::nullopt;
  return Identity{.live = live, .secret_index = current_secret_index(live->key)};
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

KeyView LiveKeys::view_of(const LiveKey& live) const {
  const Key& key = live.key;
  KeyView view;
  view.key = key;
  view.status = status_of(live);
  for (const UseCounter* counter : live.use) {
    view.secret_use.push_back(counter->read());
    view.use = view.use + view.secret_use.back();
  }
  if (key.policy.limits.empty()) return view;
  const Lock lock(mutex_);
  view.limits = budgets_.limits(*live.slot->budget, now());
  return view;
}

bool LiveKeys::is_near_a_limit(const LiveKey& live) const {
  if (live.key.policy.limits.empty()) return false;
  const Lock lock(mutex_);
  return budgets_.nearly_limited(*live.slot->budget, now());
}

KeyStatus LiveKeys::status_of(const LiveKey& live) const {
  const Lock lock(mutex_);
  const Moment at = now();
  const KeyStatus status = key_status(live.key, live.slot->budget->local(at).wall);
  if (status != KeyStatus::kActive) return status;
  return budgets_.limited(*live.slot->budget, at) ? KeyStatus::kLimited : status;
}

std::optional<Balance> LiveKeys::balance(const WorkspaceId& workspace) const {
  const Lock lock(mutex_);
  const auto found = workspaces_.find(workspace);
  if (found == workspaces_.end()) return std::nullopt;
  return budgets_.balance(*found->second.budget);
}

std::vector<LimitState> LiveKeys::limits(const WorkspaceId& workspace,
                                         Environment environment) const {
  const Lock lock(mutex_);
  const auto found = workspaces_.find(workspace);
  if (found == workspaces_.end()) return {};
  return budgets_.limits(*found->second.budget, environment, now());
}

std::chrono::microseconds LiveKeys::test_clock_offset(const WorkspaceId& workspace) const {
  const Lock lock(mutex_);
  const auto found = workspaces_.find(workspace);
  if (found == workspaces_.end()) return {};
  return found->second.budget->test_clock_offset;
}

Budgets::SelfCheck LiveKeys::self_check(std::size_t first, std::size_t keys_max) const {
  const Lock lock(mutex_);
  return budgets_.self_check(first, keys_max);
}

}  // namespace tollgate
