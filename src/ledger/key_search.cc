#include "ledger/key_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/key_order.h"
#include "ledger/key_walk.h"

namespace tollgate {
namespace {

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

  bool accepts(const LiveKey& live) const {
    if (!query_.status && live.key.revoked_at) return false;
    return accepts_whatever_status(live) &&
           (!query_.status || keys_.status_of(live) == *query_.status);
  }

  // The cheapest questions first.
  bool accepts_whatever_status(const LiveKey& live) const {
    const Key& key = live.key;
    const KeyPolicy& policy = key.policy;
    if (query_.workspace && key.workspace != *query_.workspace) return false;
    if (query_.environment && policy.environment != *query_.environment) return false;
    if (query_.type && policy.type != *query_.type) return false;
    if (!query_.tag.empty() && std::ranges::count(policy.tags, query_.tag) == 0) return false;
    return wanted_.empty() || found_by(key, wanted_);
  }

 private:
  const LiveKeys& keys_;
  const Ledger::KeyQuery& query_;
  std::string wanted_;
};

// The first `count` of those that the filter lets through and that come after the cursor, in order.
class Best {
  struct Before {
    const KeyOrder& order;
    bool operator()(const KeyOrder::Entry& one, const KeyOrder::Entry& other) const {
      return order.before(one, other);
    }
  };

 public:
  Best(const KeyOrder& order, std::size_t count) : order_(order), count_(count) {}

  void add(const std::shared_ptr<const LiveKey>& live, std::int64_t value) {
    KeyOrder::Entry entry{.live = live, .value = value};
    if (kept_.size() == count_ && !order_.before(entry, kept_.front())) return;
    kept_.push_back(std::move(entry));
    std::ranges::push_heap(kept_, Before{order_});
    if (kept_.size() <= count_) return;
    std::ranges::pop_heap(kept_, Before{order_});
    kept_.pop_back();
  }

  std::vector<KeyOrder::Entry> take() && {
    std::ranges::sort_heap(kept_, Before{order_});
    return std::move(kept_);
  }

 private:
  const KeyOrder& order_;
  std::size_t count_;
  std::vector<KeyOrder::Entry> kept_;  // a heap: the one that comes last stands in front
};

}  // namespace

Result<Ledger::KeyPage> search_keys(const LiveKeys& keys, const Ledger::KeyQuery& query) {
  const KeyOrder order(query.sort, query.order);
  std::optional<KeyPlace> after;
  if (!query.cursor.empty()) {
    Result<KeyPlace> place = order.read_cursor(query.cursor);
    if (!place) return std::unexpected(place.error());
    after = std::move(*place);
  }
  if (query.limit < 1 || query.limit > kKeyPageLimitMax) {
    Error refusal{.code = ErrorCode::kInvalidRequest,
                  .message = fmt::format("limit must be 1 to {}.", kKeyPageLimitMax)};
    refusal.param = "limit";
    return std::unexpected(std::move(refusal));
  }
  const Filter filter(keys, query);
  const auto limit = static_cast<std::size_t>(query.limit);
  // Newest first is the order of the walk: it begins at the cursor, and ends with the page.
  const bool newest_first =
      query.sort == Ledger::KeySort::kCreated && query.order == Ledger::SortOrder::kDescending;
  const std::int64_t begin = newest_first && after ? after->number : kNewestKey;
  Best best(order, limit + 1);
  std::size_t found = 0;
  walk_keys(keys, begin, [&](const std::shared_ptr<const LiveKey>& live) {
    if (!filter.accepts(*live)) return Walk::kGoOn;
    const std::int64_t value = order.value_of(*live);
    if (after && !order.before(*after, {.live = live, .value = value})) return Walk::kGoOn;
    best.add(live, value);
    return newest_first && ++found > limit ? Walk::kStop : Walk::kGoOn;
  });
  std::vector<KeyOrder::Entry> entries = std::move(best).take();
  Ledger::KeyPage page;
  if (entries.size() > limit) {
    entries.resize(limit);
    page.next_cursor = order.cursor_after(entries.back());
  }
  page.keys.reserve(entries.size());
  for (const KeyOrder::Entry& entry : entries) page.keys.push_back(keys.view_of(*entry.live));
  return page;
}

Ledger::KeyCounts count_keys(const LiveKeys& keys, const Ledger::KeyQuery& query) {
  Ledger::KeyCounts counts;
  const Filter filter(keys, query);
  walk_keys(keys, kNewestKey, [&](const std::shared_ptr<const LiveKey>& live) {
    if (filter.accepts_whatever_status(*live)) ++counts[keys.status_of(*live)];
    return Walk::kGoOn;
  });
  return counts;
}

std::vector<std::int64_t> numbers_named(const LiveKeys& keys, const std::string& name,
                                        const std::optional<WorkspaceId>& workspace) {
  std::vector<std::int64_t> numbers;
  walk_keys(keys, kNewestKey, [&](const std::shared_ptr<const LiveKey>& live) {
    const Key& key = live->key;
    const bool within = !workspace || key.workspace == *workspace;
    if (within && key.policy.name == name) numbers.push_back(key.number);
    return Walk::kGoOn;
  });
  return numbers;
}

}  // namespace tollgate
