// The greatest of many ids, a page's worth: how a page is put together from several indexes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/error.h"
#include "sql/connection.h"

namespace tollgate::store {

class Newest {
 public:
  explicit Newest(int count) : count_(static_cast<std::size_t>(count)) {}

  // No id below this one is of any use, of those from `from` on.
  std::int64_t least(std::int64_t from) const {
    return ids_.size() < count_ ? from : std::max(from, ids_.top() + 1);
  }
  void add(std::int64_t id) {
    ids_.push(id);
    if (ids_.size() > count_) ids_.pop();
  }
  // What `select` gives, which is ids alone.
  Status add_all(sql::Statement& select) {
    Result<bool> more = select.step();
    for (; more && *more; more = select.step()) add(select.integer(0));
    if (!more) return std::unexpected(more.error());
    return select.status();
  }
  // Newest first.
  std::vector<std::int64_t> take() {
    std::vector<std::int64_t> list;
    for (; !ids_.empty(); ids_.pop()) list.push_back(ids_.top());
    std::ranges::reverse(list);
    return list;
  }

 private:
  std::size_t count_;
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> ids_;
};

}  // namespace tollgate::store
