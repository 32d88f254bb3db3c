// JsonCursor: walks one JSON document once, token by token, and validates all of it on the way:
// what the readers of this room stand on.
//
// simdjson's first stage (vectorised) checks UTF-8, control characters and unclosed strings and
// gives the offset of every token; this walks those offsets. Building simdjson's DOM would copy
// every string, and its On Demand front end checks only what is looked at; a policy reader needs
// neither copy nor trust. RFC 8259 is held to the letter: JSONTestSuite is replayed in
// json_cursor_test.cc.
//
// Failure is sticky: after the first fault every call does nothing and says false, and problem()
// tells. Pure; a cursor stays on one thread and borrows the text.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/byte_range.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace tollgate {

// A string as it stands between its quotes; its escapes are known to be sound.
struct RawString {
  std::string_view text;
  bool escaped = false;  // some backslash stands in it

  std::string decoded() const;         // lone surrogates become U+FFFD
  std::size_t decoded_length() const;  // bytes of UTF-8
  // Whatever its spelling.
  bool is(std::string_view plain) const { return escaped ? decoded() == plain : text == plain; }
  bool starts_with(std::string_view plain) const;  // ASCII
};

enum class JsonKind : std::uint8_t {
  kInvalid,
  kObject,
  kArray,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
};

// By the first byte of a value: a look-up, for which a switch mispredicts on most tokens.
inline constexpr std::array<JsonKind, 256> kJsonKindByFirstByte = [] {
  std::array<JsonKind, 256> kinds{};
  kinds['{'] = JsonKind::kObject;
  kinds['['] = JsonKind::kArray;
  kinds['"'] = JsonKind::kString;
  kinds['t'] = JsonKind::kTrue;
  kinds['f'] = JsonKind::kFalse;
  kinds['n'] = JsonKind::kNull;
  for (char first : std::string_view("-0123456789")) {
    kinds[static_cast<unsigned char>(first)] = JsonKind::kNumber;
  }
  return kinds;
}();

class JsonCursor {
 public:
  // A member whose value is next.
  struct Member {
    RawString name;
    std::size_t token = 0;  // for cut_range()
  };

  JsonCursor(std::string_view text, int depth_max);
  ~JsonCursor();
  JsonCursor(const JsonCursor&) = delete;
  JsonCursor& operator=(const JsonCursor&) = delete;

  // What the next value looks like by its first byte; the value itself may yet prove broken.
  JsonKind kind() const {
    if (failed()) return JsonKind::kInvalid;
    return kJsonKindByFirstByte[static_cast<unsigned char>(byte_at(next_))];
  }
  // Offset of the next token; the text's size at the end.
  std::size_t offset() const { return offset_of(next_); }

  // Each consumes one value. REQUIRES: kind() is the one named (for skip: anything).
  ByteRange skip();
  RawString string();
  // The number if it is whole, written without fraction or exponent, and has at most 18 digits.
  std::optional<std::int64_t> integer();

  // Containers are entered and then read to their end:
  //   for (cursor.open_object(); cursor.next_member(member);) …consume exactly one value…
  void open_object();
  bool next_member(Member& member);
  void open_array();
  bool next_element();

  std::size_t value_end() const { return value_end_; }
  // The value consumed last by one call.
  ByteRange last_value() const { return {value_begin_, value_end_ - value_begin_}; }
  // What to cut so that `member` is gone and commas are right. REQUIRES: its value was consumed
  // last.
  ByteRange cut_range(const Member& member) const;

  // Nothing follows the document. Fails if something does.
  bool finish();

  bool failed() const { return !problem_.empty(); }
  // e.g. "byte 17: a comma or '}' is missing".
  const std::string& problem() const { return problem_; }

 private:
  using Parser = simdjson::internal::dom_parser_implementation;
  struct Scratch;
  static Scratch& thread_scratch();

  void index();
  char byte_at(std::size_t token) const { return token < tokens_ ? text_[offsets_[token]] : '\0'; }
  std::size_t offset_of(std::size_t token) const {
    return token < tokens_ ? offsets_[token] : text_.size();
  }
  bool fail(std::size_t offset, std::string_view what);
  bool enter();
  void skip_value();
  bool read_string(RawString& out);
  std::string_view read_scalar();

  std::string_view text_;
  const std::uint32_t* offsets_ = nullptr;
  std::size_t tokens_ = 0;
  std::size_t next_ = 0;  // token
  std::size_t value_begin_ = 0;
  std::size_t value_end_ = 0;
  std::size_t first_backslash_ = 0;
  int depth_ = 0;
  int depth_max_;
  std::string problem_;
  std::unique_ptr<Parser> own_parser_;  // for documents too large for the thread's scratch
  Scratch* scratch_ = nullptr;
};

}  // namespace tollgate
