// The order of a list of keys, and the cursors that say where in it a page ends (SPEC §10 "API
// Keys"). Pure, but for the counters, which it reads once a key.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "ledger/ledger.h"

namespace tollgate {

// Where a key stands: by `value` or, among names, by its name, and among equals by its number.
struct KeyPlace {
  std::int64_t value = 0;
  std::string name = {};  // in lower case
  std::int64_t number = 0;
};

class KeyOrder {
 public:
  KeyOrder(Ledger::KeySort sort, Ledger::SortOrder order) : sort_(sort), order_(order) {}

  struct Entry {
    std::shared_ptr<const LiveKey> live;
    std::int64_t value = 0;  // value_of() when the walk came by: counters move, places do not
  };
  std::int64_t value_of(const LiveKey& live) const;
  // Whether one stands before the other in the list.
  bool before(const Entry& one, const Entry& other) const;
  bool before(const KeyPlace& one, const Entry& other) const;

  // Of the last key of a page, for the same order alone.
  std::string cursor_after(const Entry& last) const;
  // kInvalidRequest for what is no cursor of this order.
  Result<KeyPlace> read_cursor(const std::string& cursor) const;

 private:
  bool by_name() const { return sort_ == Ledger::KeySort::kName; }
  bool comes_first(std::strong_ordering rank, std::int64_t one, std::int64_t other) const;
  std::string prefix() const;

  Ledger::KeySort sort_;
  Ledger::SortOrder order_;
};

}  // namespace tollgate
