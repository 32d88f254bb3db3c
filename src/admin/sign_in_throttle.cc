#include "admin/sign_in_throttle.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tollgate {

namespace {

constexpr std::ptrdiff_t kPlaceBytes = 8;    // of IPv6: a /64 is one place
constexpr std::ptrdiff_t kNetworkBytes = 6;  // a /48

std::string prefix_of(const IpAddress& address, std::ptrdiff_t length) {
  if (address.is_v4()) return address.text();
  std::array<std::uint8_t, 16> bytes = address.bytes();
  std::fill(bytes.begin() + length, bytes.end(), std::uint8_t{0});
  return IpAddress::from_bytes(bytes).text();
}

}  // namespace

// Of IPv6 one place has more addresses than could be tracked.
std::string place_of(const IpAddress& address) { return prefix_of(address, kPlaceBytes); }
std::string network_of(const IpAddress& address) { return prefix_of(address, kNetworkBytes); }

std::chrono::seconds SignInThrottle::wait_of(const Marks& marks, const std::string& name, Rate rate,
                                             SteadyTime now) {
  const auto found = marks.find(name);
  if (found == marks.end()) return std::chrono::seconds(0);
  const auto ahead = found->second - now - (rate.burst - 1) * rate.interval;
  return std::max(std::chrono::seconds(0), std::chrono::ceil<std::chrono::seconds>(ahead));
}

void SignInThrottle::count(Marks& marks, const std::string& name, Rate rate, SteadyTime now) {
  if (marks.size() >= kTracked && !marks.contains(name)) forget_quietest(marks, now);
  SteadyTime& mark = marks[name];
  mark = std::max(mark, now) + rate.interval;
}

void SignInThrottle::forget_quietest(Marks& marks, SteadyTime now) {
  std::erase_if(marks, [now](const auto& entry) { return entry.second <= now; });
  if (marks.size() < kTracked) return;
  const auto earlier = [](const auto& a, const auto& b) { return a.second < b.second; };
  marks.erase(std::ranges::min_element(marks, earlier));
}

void SignInThrottle::give_back(Marks& marks, const std::string& name, Rate rate) {
  const auto found = marks.find(name);
  if (found != marks.end()) found->second -= rate.interval;
}

std::optional<std::chrono::seconds> SignInThrottle::begin(const std::string& account,
                                                          const IpAddress& address) {
  const SteadyTime now = clock_.steady();
  const std::string place = place_of(address);
  const std::string pair = place + ' ' + account;
  Lock lock(mutex_);
  const auto wait = std::max({wait_of(accounts_, account, kAccountRate, now),
                              wait_of(pairs_, pair, kPairRate, now),
                              wait_of(addresses_, place, kAddressRate, now)});
  if (wait > std::chrono::seconds(0)) return wait;
  count(accounts_, account, kAccountRate, now);
  count(pairs_, pair, kPairRate, now);
  count(addresses_, place, kAddressRate, now);
  return std::nullopt;
}

void SignInThrottle::succeeded(const std::string& account, const IpAddress& address) {
  const std::string place = place_of(address);
  Lock lock(mutex_);
  give_back(accounts_, account, kAccountRate);
  pairs_.erase(place + ' ' + account);
  give_back(addresses_, place, kAddressRate);
}

}  // namespace tollgate
