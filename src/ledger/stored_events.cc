#include "ledger/stored_events.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace tollgate {

namespace {

// Rows carry their key's number alone. A key is never removed.
std::shared_ptr<const LiveKey> key_of(const LiveKeys& keys, const UsageRow& row) {
  std::vector<std::shared_ptr<const LiveKey>> found;
  keys.copy_older(row.key_number + 1, 1, found);
  const bool known = !found.empty() && found.front()->key.number == row.key_number;
  return known ? std::move(found.front()) : nullptr;
}

}  // namespace

void tell_stored(LiveFeed& live, const LiveKeys& keys, std::span<const UsageRow* const> rows,
                 std::span<const LostRow> lost) {
  LiveFeed::Audience audience = live.audience();
  std::vector<LiveEvent> events;
  for (std::size_t index = rows.size(); index-- > 0;) {
    if (std::ranges::binary_search(lost, index, {}, &LostRow::index)) continue;
    const UsageRow* row = rows[index];
    if (!audience.wants(row->workspace)) continue;
    const std::shared_ptr<const LiveKey> key = key_of(keys, *row);
    if (key == nullptr) continue;
    events.push_back({.workspace = row->workspace,
                      .what = RequestStored{.id = row->id,
                                            .admitted_at = row->admitted_at,
                                            .key = key->key.id,
                                            .key_name = key->key.policy.name,
                                            .model = row->model,
                                            .status = row->status,
                                            .error_code = row->error_code,
                                            .cost = row->cost,
                                            .input_tokens = row->tokens.input,
                                            .output_tokens = row->tokens.output,
                                            .latency_ms = row->latency_ms}});
  }
  std::ranges::reverse(events);
  live.tell(std::move(events));
}

}  // namespace tollgate
