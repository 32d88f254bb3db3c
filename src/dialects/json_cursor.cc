#include "dialects/json_cursor.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "dialects/json_text.h"

namespace tollgate {
namespace {

// Documents up to this size share the thread's index (4 bytes per byte of capacity, of which only
// as much is ever touched as there are tokens); larger ones bring their own and give it back.
constexpr std::size_t kSharedCapacityMax = 1024 * 1024;
constexpr std::size_t kSharedCapacityMin = 64 * 1024;

}  // namespace

struct JsonCursor::Scratch {
  std::unique_ptr<Parser> parser;
  bool taken = false;
};

JsonCursor::Scratch& JsonCursor::thread_scratch() {
  static thread_local Scratch scratch;
  return scratch;
}

std::string RawString::decoded() const {
  if (!escaped) return std::string(text);
  std::string out;
  out.reserve(text.size());
  append_unescaped(out, text);
  return out;
}

std::size_t RawString::decoded_length() const {
  return escaped ? unescaped_length(text) : text.size();
}

// Looks no further than as many characters as `plain` has.
bool RawString::starts_with(std::string_view plain) const {
  if (!escaped) return text.starts_with(plain);
  std::size_t end = 0;
  for (std::size_t characters = 0; characters < plain.size() && end < text.size(); ++characters) {
    const bool escape = text[end] == '\\';
    end += !escape ? 1 : (text[end + 1] == 'u' ? 6 : 2);
  }
  return RawString{.text = text.substr(0, end), .escaped = true}.decoded().starts_with(plain);
}

JsonCursor::JsonCursor(std::string_view text, int depth_max) : text_(text), depth_max_(depth_max) {
  index();
}

JsonCursor::~JsonCursor() {
  if (scratch_ != nullptr) scratch_->taken = false;
}

void JsonCursor::index() {
  if (text_.empty()) {
    fail(0, "it is empty");
    return;
  }
  std::unique_ptr<Parser>* parser = &own_parser_;
  std::size_t capacity = text_.size();
  if (Scratch& shared = thread_scratch(); capacity <= kSharedCapacityMax && !shared.taken) {
    shared.taken = true;
    scratch_ = &shared;
    parser = &shared.parser;
    capacity = std::max(std::bit_ceil(capacity), kSharedCapacityMin);
  }
  simdjson::error_code error = simdjson::SUCCESS;
  if (*parser == nullptr) {
    error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1,
                                                                                    *parser);
  } else if ((*parser)->capacity() < capacity) {
    error = (*parser)->set_capacity(capacity);
  }
  check(error == simdjson::SUCCESS, "no memory for a JSON index");

  // Stage 1 copies the last partial block, so that the text needs no padding behind it.
  error = (*parser)->stage1(reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size(),
                            simdjson::stage1_mode::regular);
  switch (error) {
    case simdjson::SUCCESS:
      break;
    case simdjson::UTF8_ERROR:
      fail(0, "it is not valid UTF-8");
      return;
    case simdjson::UNCLOSED_STRING:
      fail(text_.size(), "a string is not closed");
      return;
    case simdjson::UNESCAPED_CHARS:
      fail(0, "a string holds a control character that is not escaped");
      return;
    default:
      fail(0, "it holds no JSON value");
      return;
  }
  offsets_ = (*parser)->structural_indexes.get();
  tokens_ = (*parser)->n_structural_indexes;
  const void* backslash = std::memchr(text_.data(), '\\', text_.size());
  first_backslash_ =
      backslash == nullptr
          ? text_.size()
          : static_cast<std::size_t>(static_cast<const char*>(backslash) - text_.data());
}

bool JsonCursor::fail(std::size_t offset, std::string_view what) {
  if (problem_.empty()) problem_ = fmt::format("byte {}: {}", offset, what);
  return false;
}

bool JsonCursor::enter() {
  if (failed()) return false;
  if (++depth_ > depth_max_) {
    return fail(offset(), fmt::format("it is nested deeper than {} levels", depth_max_));
  }
  ++next_;
  return true;
}

void JsonCursor::open_object() { enter(); }
void JsonCursor::open_array() { enter(); }

bool JsonCursor::next_member(Member& member) {
  if (failed()) return false;
  const bool first = byte_at(next_ - 1) == '{';
  if (byte_at(next_) == '}') {
    value_end_ = offset() + 1;
    ++next_;
    --depth_;
    return false;
  }
  if (!first) {
    if (byte_at(next_) != ',') return fail(offset(), "a comma or '}' is missing");
    ++next_;
  }
  if (byte_at(next_) != '"') return fail(offset(), "a member name is missing");
  member.token = next_;
  if (!read_string(member.name)) return false;
  if (byte_at(next_) != ':') return fail(offset(), "a colon is missing");
  ++next_;
  return true;
}

bool JsonCursor::next_element() {
  if (failed()) return false;
  const bool first = byte_at(next_ - 1) == '[';
  if (byte_at(next_) == ']') {
    value_end_ = offset() + 1;
    ++next_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (byte_at(next_) != ',') return fail(offset(), "a comma or ']' is missing");
  ++next_;
  if (byte_at(next_) == ']') return fail(offset(), "a value is missing");
  return true;
}

bool JsonCursor::read_string(RawString& out) {
  const std::size_t begin = offset() + 1;
  std::size_t end = offset_of(next_ + 1);
  while (end > begin && is_json_space(text_[end - 1])) --end;
  if (end <= begin || text_[end - 1] != '"') return fail(begin, "a string does not end properly");
  out.text = text_.substr(begin, end - 1 - begin);
  out.escaped = false;
  if (end > first_backslash_) {
    const std::size_t broken = find_broken_escape(out.text, out.escaped);
    if (broken != std::string_view::npos) return fail(begin + broken, "an escape is not valid");
  }
  value_begin_ = begin - 1;
  value_end_ = end;
  ++next_;
  return true;
}

std::string_view JsonCursor::read_scalar() {
  if (failed()) return {};
  const std::size_t begin = offset();
  std::size_t end = offset_of(next_ + 1);
  while (end > begin && is_json_space(text_[end - 1])) --end;
  const std::string_view token = text_.substr(begin, end - begin);
  if (!is_json_literal(token) && !is_json_number(token)) {
    fail(begin, "a value is missing or malformed");
    return {};
  }
  value_begin_ = begin;
  value_end_ = end;
  ++next_;
  return token;
}

// Recursion is bounded by depth_max_.
void JsonCursor::skip_value() {
  const std::size_t begin = offset();
  switch (kind()) {
    case JsonKind::kObject: {
      Member member;
      for (open_object(); next_member(member);) skip_value();
      break;
    }
    case JsonKind::kArray:
      for (open_array(); next_element();) skip_value();
      break;
    case JsonKind::kString: {
      RawString ignored;
      read_string(ignored);
      break;
    }
    default:
      read_scalar();
      break;
  }
  value_begin_ = begin;
}

ByteRange JsonCursor::skip() {
  if (failed()) return {};
  skip_value();
  return failed() ? ByteRange{} : last_value();
}

RawString JsonCursor::string() {
  RawString out;
  if (failed() || !read_string(out)) return {};
  return out;
}

std::optional<std::int64_t> JsonCursor::integer() {
  const std::string_view token = read_scalar();
  constexpr std::size_t kDigitsMax = 18;
  const std::size_t digits = token.size() - (token.starts_with('-') ? 1 : 0);
  if (token.empty() || digits > kDigitsMax) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return value;
}

ByteRange JsonCursor::cut_range(const Member& member) const {
  std::size_t begin = offset_of(member.token);
  std::size_t end = value_end_;
  if (byte_at(next_) == ',') {
    end = offset() + 1;
  } else if (byte_at(member.token - 1) == ',') {
    begin = offset_of(member.token - 1);
  }
  return {begin, end - begin};
}

bool JsonCursor::finish() {
  if (failed()) return false;
  if (next_ != tokens_) return fail(offset(), "something follows the end of the document");
  return true;
}

}  // namespace tollgate
