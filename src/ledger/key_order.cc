#include "ledger/key_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "ledger/use_counter.h"

namespace tollgate {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t kHexLength = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

// As lists are read: case counts for nothing. Other letters than ASCII's go by their bytes.
std::strong_ordering compare_names(std::string_view one, std::string_view other) {
  const auto byte = [](char c) { return static_cast<unsigned char>(lower(c)); };
  return std::lexicographical_compare_three_way(
      one.begin(), one.end(), other.begin(), other.end(),
      [byte](char a, char b) { return byte(a) <=> byte(b); });
}

UseCount use_of(const LiveKey& live) {
  UseCount use;
  for (const UseCounter* counter : live.use) use = use + counter->read();
  return use;
}

// In millionths.
std::int64_t error_rate(const UseCount& use) {
  constexpr std::int64_t kMillion = 1'000'000;
  if (use.requests <= 0) return 0;
  if (use.errors > std::numeric_limits<std::int64_t>::max() / kMillion) return kMillion;
  return use.errors * kMillion / use.requests;
}

std::string_view sort_code(Ledger::KeySort sort) {
  switch (sort) {
    case Ledger::KeySort::kCreated:
      return "c";
    case Ledger::KeySort::kName:
      return "n";
    case Ledger::KeySort::kLastUsed:
      return "u";
    case Ledger::KeySort::kRequests:
      return "r";
    case Ledger::KeySort::kErrors:
      return "e";
    case Ledger::KeySort::kErrorRate:
      return "s";
  }
  return "";
}

std::optional<std::int64_t> from_hex(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc() || stop != end || text.size() != kHexLength) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::string hex(std::int64_t value) {
  return fmt::format("{:016x}", static_cast<std::uint64_t>(value));
}

std::optional<std::string> text_from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    unsigned byte = 0;
    const char* end = text.data() + at + 2;
    const auto [stop, error] = std::from_chars(text.data() + at, end, byte, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

std::string text_hex(std::string_view text) {
  return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace

std::int64_t KeyOrder::value_of(const LiveKey& live) const {
  switch (sort_) {
    case Ledger::KeySort::kCreated:
    case Ledger::KeySort::kName:
      return 0;
    case Ledger::KeySort::kLastUsed: {
      const auto last = use_of(live).last_used_at;
      return last ? last->time_since_epoch().count() : kNever;
    }
    case Ledger::KeySort::kRequests:
      return use_of(live).requests;
    case Ledger::KeySort::kErrors:
      return use_of(live).errors;
    case Ledger::KeySort::kErrorRate:
      return error_rate(use_of(live));
  }
  return 0;
}

bool KeyOrder::comes_first(std::strong_ordering rank, std::int64_t one, std::int64_t other) const {
  const std::strong_ordering whole = rank == std::strong_ordering::equal ? one <=> other : rank;
  return order_ == Ledger::SortOrder::kAscending ? whole < 0 : whole > 0;
}

bool KeyOrder::before(const Entry& one, const Entry& other) const {
  const Key& first = one.live->key;
  const Key& second = other.live->key;
  const std::strong_ordering rank =
      by_name() ? compare_names(first.policy.name, second.policy.name) : one.value <=> other.value;
  return comes_first(rank, first.number, second.number);
}

bool KeyOrder::before(const KeyPlace& one, const Entry& other) const {
  const Key& key = other.live->key;
  const std::strong_ordering rank =
      by_name() ? compare_names(one.name, key.policy.name) : one.value <=> other.value;
  return comes_first(rank, one.number, key.number);
}

std::string KeyOrder::prefix() const {
  return fmt::format("{}{}", sort_code(sort_), order_ == Ledger::SortOrder::kAscending ? "a" : "d");
}

std::string KeyOrder::cursor_after(const Entry& last) const {
  const Key& key = last.live->key;
  return prefix() + hex(key.number) +
         (by_name() ? text_hex(lowered(key.policy.name)) : hex(last.value));
}

Result<KeyPlace> KeyOrder::read_cursor(const std::string& cursor) const {
  Error refusal{.code = ErrorCode::kInvalidRequest,
                .message =
                    "The cursor is not one that a page of keys in this order gave. Leave it "
                    "out to begin."};
  refusal.param = "cursor";
  std::string_view rest = cursor;
  const std::string expected = prefix();
  if (!rest.starts_with(expected) || rest.size() < expected.size() + kHexLength) {
    return std::unexpected(std::move(refusal));
  }
  rest.remove_prefix(expected.size());
  const auto number = from_hex(rest.substr(0, kHexLength));
  rest.remove_prefix(kHexLength);
  const auto name = by_name() ? text_from_hex(rest) : std::optional<std::string>("");
  const auto value = by_name() ? std::optional<std::int64_t>(0) : from_hex(rest);
  if (!number || !name || !value) return std::unexpected(std::move(refusal));
  return KeyPlace{.value = *value, .name = *name, .number = *number};
}

}  // namespace tollgate
