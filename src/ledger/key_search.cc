#include "ledger/key_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate {
namespace {

// How many keys are fetched under one lock.
constexpr std::size_t kChunk = 256;
constexpr std::size_t kCursorLength = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Case-insensitive in ASCII; other letters must be typed as they are. `wanted` is in lower case.
bool holds(std::string_view text, std::string_view wanted) {
  return !std::ranges::search(text, wanted, {}, lower).empty();
}

bool found_by(const Key& key, std::string_view wanted) {
  const KeyPolicy& policy = key.policy;
  const KeySecret& secret = current_secret(key);
  return holds(policy.name, wanted) || holds(policy.description, wanted) ||
         holds(key.id.get(), wanted) || holds(secret.preview, wanted) ||
         holds(secret.last4, wanted) ||
         std::ranges::any_of(policy.tags,
                             [wanted](const std::string& tag) { return holds(tag, wanted); });
}

class Filter {
 public:
  Filter(const LiveKeys& keys, const Ledger::KeyQuery& query) : keys_(keys), query_(query) {
    for (const char c : query.search) wanted_ += lower(c);
  }

  // The cheapest questions first.
  bool accepts(const LiveKey& live) const {
    const Key& key = live.key;
    const KeyPolicy& policy = key.policy;
    if (query_.workspace && key.workspace != *query_.workspace) return false;
    if (query_.environment && policy.environment != *query_.environment) return false;
    if (query_.type && policy.type != *query_.type) return false;
    if (query_.status ? keys_.status_of(live) != *query_.status : key.revoked_at.has_value()) {
      return false;
    }
    if (!query_.tag.empty() && std::ranges::count(policy.tags, query_.tag) == 0) return false;
    return wanted_.empty() || found_by(key, wanted_);
  }

 private:
  const LiveKeys& keys_;
  const Ledger::KeyQuery& query_;
  std::string wanted_;
};

std::string cursor_after(std::int64_t number) { return fmt::format("{:016x}", number); }

// The number below which a page begins.
Result<std::int64_t> read_cursor(const std::string& cursor) {
  if (cursor.empty()) return std::numeric_limits<std::int64_t>::max();
  std::int64_t number = 0;
  const char* end = cursor.data() + cursor.size();
  auto [stop, error] = std::from_chars(cursor.data(), end, number, 16);
  if (error == std::errc() && stop == end && cursor.size() == kCursorLength && number > 0) {
    return number;
  }
  Error refusal{
      .code = ErrorCode::kInvalidRequest,
      .message = "The cursor is not one that a page of keys gave. Leave it out to begin."};
  refusal.param = "cursor";
  return std::unexpected(std::move(refusal));
}

}  // namespace

Result<Ledger::KeyPage> search_keys(const LiveKeys& keys, const Ledger::KeyQuery& query) {
  Result<std::int64_t> before = read_cursor(query.cursor);
  if (!before) return std::unexpected(before.error());
  if (query.limit < 1 || query.limit > kKeyPageLimitMax) {
    Error refusal{.code = ErrorCode::kInvalidRequest,
                  .message = fmt::format("limit must be 1 to {}.", kKeyPageLimitMax)};
    refusal.param = "limit";
    return std::unexpected(std::move(refusal));
  }
  const Filter filter(keys, query);
  const auto limit = static_cast<std::size_t>(query.limit);
  Ledger::KeyPage page;
  std::vector<std::shared_ptr<const LiveKey>> chunk;
  while (true) {
    keys.copy_older(*before, kChunk, chunk);
    if (chunk.empty()) return page;
    for (const std::shared_ptr<const LiveKey>& live : chunk) {
      if (!filter.accepts(*live)) continue;
      if (page.keys.size() == limit) {
        page.next_cursor = cursor_after(page.keys.back().key.number);
        return page;
      }
      page.keys.push_back(keys.view_of(*live));
    }
    before = chunk.back()->key.number;
  }
}

}  // namespace tollgate
