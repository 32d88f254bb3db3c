// JSON off the hot path (Boost.JSON): strict parsing, reading typed members, writing.
// The hot path (client bodies, provider chunks) uses simdjson in dialects/.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tollgate {

namespace json = boost::json;

inline constexpr std::size_t kJsonDepthMax = 64;

// Parses one document, refuses duplicate member names at any depth (in any spelling), depth >
// kJsonDepthMax, invalid UTF-8, trailing bytes.
// Errors are kInvalidRequest with the position in the message.
Result<json::value> parse_json(std::string_view text);

// Appends `text` to `out` as a quoted JSON string (RFC 8259 §7). Invalid UTF-8 becomes U+FFFD,
// control characters and DEL their \u escapes.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

// Reads an object member by member and collects every problem, so that a caller hears all of them
// at once. finish() refuses members that nobody asked for.
class ObjectReader {
 public:
  explicit ObjectReader(const json::value& value);

  // nullopt when absent or null; a problem is noted when the type is wrong. An integer is a number
  // without fraction or exponent that fits 64 bits. Null is a problem too, unless the caller asks
  // is_null() about that member, before or after.
  std::optional<std::string> string(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name);
  std::optional<std::vector<std::string>> strings(std::string_view name);
  // Present and null, which a PATCH uses to clear a field. Asking marks the member as read and
  // makes null one of its right values.
  bool is_null(std::string_view name);
  bool has(std::string_view name) const;
  // The raw member, marked as read.
  const json::value* raw(std::string_view name);

  void problem(std::string_view name, std::string what);
  // Fails with kUnprocessable and one message that lists every problem, unknown members included;
  // `param` is the first member at fault, details_json {"problems":[{"param","message"}…]}.
  Status finish();
  // Hands each problem to `take` instead.
  void finish_into(
      const std::function<void(const std::string& name, const std::string& what)>& take);
  // For an object inside of another: its problems become the other's, each name behind `path`.
  void finish_into(ObjectReader& outer, std::string_view path);

 private:
  void note_nulls_and_unknown();
  const json::value* find(std::string_view name);
  const json::value* find_typed(std::string_view name);
  const json::object* object_;  // borrowed from the value; nullptr when it is no object
  std::vector<std::string> known_;
  std::vector<std::string> nulls_;
  std::vector<std::string> nullable_;
  std::vector<std::pair<std::string, std::string>> problems_;
};

}  // namespace tollgate
