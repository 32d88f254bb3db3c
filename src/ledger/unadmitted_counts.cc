#include "ledger/unadmitted_counts.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace tollgate {
namespace {

// Half of what SPEC §8 allows, so that a slow commit still keeps the promise.
constexpr std::chrono::milliseconds kFlushInterval{500};

}  // namespace

UnadmittedCounts::UnadmittedCounts(sql::Writer& writer, LiveFeed& live)
    : writer_(writer), live_(live), thread_([this] { run(); }) {}

UnadmittedCounts::~UnadmittedCounts() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  flush();
}

void UnadmittedCounts::count(const Identity& identity, std::optional<ErrorCode> code, WallTime at) {
  bool first = false;
  {
    Lock lock(mutex_);
    first = tallies_.empty();
    Tally& tally = tallies_[{identity.secret().number, store::hour_of(at), code}];
    if (tally.count++ == 0) tally.of = identity.live;
    tally.last_at = std::max(tally.last_at, at);
  }
  if (first) changed_.notify_one();
}

void UnadmittedCounts::run() {
  while (true) {
    {
      Lock lock(mutex_);
      while (!stopping_ && tallies_.empty()) lock.wait(changed_);
      const auto due = std::chrono::steady_clock::now() + kFlushInterval;
      while (!stopping_ && std::chrono::steady_clock::now() < due) lock.wait_until(changed_, due);
      if (stopping_) return;
    }
    flush();
  }
}

void UnadmittedCounts::flush() {
  Tallies taken;
  {
    Lock lock(mutex_);
    taken.swap(tallies_);
  }
  if (taken.empty()) return;
  std::vector<store::RequestCount> counts;
  counts.reserve(taken.size());
  for (const auto& [bucket, tally] : taken) {
    const auto& [secret_number, hour, code] = bucket;
    counts.push_back({.secret_number = secret_number,
                      .hour = hour,
                      .code = code ? std::string(error_code_name(*code)) : std::string(),
                      .count = tally.count,
                      .last_at = tally.last_at});
  }
  Status written = writer_.run([&counts](sql::Connection& connection) {
    return store::add_request_counts(connection, counts);
  });
  if (written) return tell(taken);
  if (written.error().code == ErrorCode::kServiceUnavailable) {
    put_back(taken);
  } else {
    log(LogLevel::kError, "request counts cannot be stored: {}", written.error().detail);
  }
}

void UnadmittedCounts::tell(const Tallies& tallies) {
  if (!live_.watched()) return;
  LiveFeed::Audience audience = live_.audience();
  std::vector<LiveEvent> events;
  for (const auto& [bucket, tally] : tallies) {
    const Key& key = tally.of->key;
    if (key.policy.type == KeyType::kManagement || !audience.wants(key.workspace)) continue;
    const bool error = std::get<std::optional<ErrorCode>>(bucket).has_value();
    events.push_back({.workspace = key.workspace,
                      .what = KeyUsed{.key = key.id,
                                      .requests = tally.count,
                                      .errors = error ? tally.count : 0,
                                      .last_at = tally.last_at}});
  }
  live_.tell(std::move(events));
}

void UnadmittedCounts::put_back(const Tallies& tallies) {
  Lock lock(mutex_);
  for (const auto& [bucket, more] : tallies) {
    Tally& tally = tallies_[bucket];
    tally.count += more.count;
    tally.last_at = std::max(tally.last_at, more.last_at);
    tally.of = more.of;
  }
}

}  // namespace tollgate
