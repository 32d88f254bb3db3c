// Query: the parameters of an admin request's URL, read strictly: each at most once, and none that
// the handler does not know. An empty value counts as absent. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "domain/token.h"

namespace tollgate {

inline constexpr std::size_t kQueryParametersMax = 32;
inline constexpr int kPageLimitDefault = 100;
inline constexpr int kPageLimitMax = 1'000;

class Query {
 public:
  // `text` is the target's query, without '?'. '+' stands for a space. kInvalidRequest for a
  // parameter given twice, a broken percent-escape, a control character or too many parameters.
  static Result<Query> parse(std::string_view text);

  // The value, decoded; whoever takes it knows it.
  std::optional<std::string> take(std::string_view name);
  bool has(std::string_view name) const { return values_.contains(name); }
  // `limit`: 1..1000, 100 if absent; kInvalidRequest otherwise.
  Result<int> take_limit();
  // `name` is "true" or "false" (kInvalidRequest otherwise); `fallback` if absent.
  enum class Truth { kFalse, kTrue };
  Result<Truth> take_truth(std::string_view name, Truth fallback);
  // One of an enum's names, by its own look-up; kInvalidRequest with param for any other text.
  template <class T>
  Result<std::optional<T>> take_named(std::string_view name,
                                      std::optional<T> (*from_name)(std::string_view)) {
    const auto text = take(name);
    if (!text) return std::optional<T>();
    const std::optional<T> value = from_name(*text);
    if (!value) return std::unexpected(bad_parameter(name, "has an unknown value"));
    return value;
  }
  // An RFC 3339 time or a date; a date as kTo includes the whole day. kInvalidRequest otherwise.
  enum class Bound { kFrom, kTo };
  Result<std::optional<WallTime>> take_time(std::string_view name, Bound bound);
  // kInvalidRequest for what nobody took.
  Status finish() const;

  // "Correct the query parameter `limit`: it …"
  static Error bad_parameter(std::string_view name, std::string_view what);

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// "%41" -> "A"; nullopt for a broken escape.
std::optional<std::string> percent_decoded(std::string_view text);
// A control character of ASCII, which no name, id or search has.
bool has_control(std::string_view text);

// Whether a token stands in the target: in its query, as key_in_url() finds it (SPEC §3), or as a
// segment of its path, where a key's id belongs.
bool token_in_admin_url(std::string_view target, const TokenFormat& format);

}  // namespace tollgate
