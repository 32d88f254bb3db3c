#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <set>

#include "base/utf8.h"

namespace tollgate {

namespace {

// A member's name as errors may show it. Anything but a plain short word stays unsaid: it could be
// a token that someone put in the wrong place.
std::string shown_name(std::string_view name) {
  constexpr std::size_t kShownLengthMax = 40;
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (name.empty() || name.size() > kShownLengthMax || !plain) return "(a name not shown here)";
  return std::string(name);
}

// Builds a value from Boost.JSON's parser, as its own handler does, and remembers the names of
// every open object: Boost.JSON itself keeps the last of two equal members without a word. Names
// are compared after unescaping. An ordered set, so that no choice of names makes it slow.
class StrictHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  bool on_document_begin(json::error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open_names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, json::error_code&) {
    open_names_.pop_back();
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) {
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key_.append(part.data(), part.size());
    stack_.push_key(part);
    const auto [at, added] = open_names_.back().insert(std::move(key_));
    key_.clear();
    if (!added) {
      duplicate_ = *at;
      error = json::error::syntax;
    }
    return added;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view, json::error_code&) {
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool truth, json::error_code&) {
    stack_.push_bool(truth);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  json::value release() { return stack_.release(); }
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  json::value_stack stack_;
  std::vector<std::set<std::string>> open_names_;
  std::string key_;
  std::optional<std::string> duplicate_;
};

void append_unicode_escape(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u00";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 0xF];
}

bool stands_for_itself(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7F) {
    append_unicode_escape(out, byte);
  } else {
    out += c;
  }
}

// At most this many problems are listed; a caller with more has the wrong document.
constexpr std::size_t kProblemsMax = 32;

std::string problems_message(const std::vector<std::pair<std::string, std::string>>& problems) {
  std::string message = "Correct the request:";
  for (const auto& [param, what] : problems) {
    message += message.back() == ':' ? " " : "; ";
    message += param.empty() ? what : fmt::format("`{}` {}", param, what);
  }
  return message + ".";
}

std::string problems_json(const std::vector<std::pair<std::string, std::string>>& problems) {
  std::string out = R"({"problems":[)";
  for (const auto& [param, what] : problems) {
    if (out.back() != '[') out += ',';
    out += R"({"param":)";
    append_json_string(out, param);
    out += R"(,"message":)";
    append_json_string(out, what);
    out += '}';
  }
  return out + "]}";
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::basic_parser<StrictHandler> parser(options);
  json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = json::error::extra_data;
  if (!error) return parser.handler().release();
  if (const auto& name = parser.handler().duplicate()) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("The JSON member `{}` stands twice (near byte {}): send it once.",
                            shown_name(*name), read));
  }
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("The JSON cannot be read at byte {}: {}.", read, error.message()));
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    // What goes as it is, in one piece: nearly all of nearly every text.
    const auto plain = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                                        stands_for_itself);
    const auto end = static_cast<std::size_t>(plain - text.begin());
    out.append(text, at, end - at);
    at = end;
    if (at == text.size()) break;
    const Utf8Step step = utf8_step(text, at);
    if (!step.character) {
      out += "\xEF\xBF\xBD";
    } else if (step.size == 1) {
      append_ascii(out, text[at]);
    } else {
      out += text.substr(at, step.size);
    }
    at += step.size;
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json_string(out, text);
  return out;
}

ObjectReader::ObjectReader(const json::value& value) : object_(value.if_object()) {
  if (object_ == nullptr) problem("", "the body must be a JSON object");
}

const json::value* ObjectReader::find(std::string_view name) {
  if (std::ranges::find(known_, name) == known_.end()) known_.emplace_back(name);
  return object_ == nullptr ? nullptr : object_->if_contains(name);
}

const json::value* ObjectReader::find_typed(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr || !value->is_null()) return value;
  nulls_.emplace_back(name);  // a problem, unless the caller asks is_null() before finish()
  return nullptr;
}

std::optional<std::string> ObjectReader::string(std::string_view name) {
  const json::value* value = find_typed(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
  problem(name, "must be a string");
  return std::nullopt;
}

std::optional<bool> ObjectReader::boolean(std::string_view name) {
  const json::value* value = find_typed(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* truth = value->if_bool()) return *truth;
  problem(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view name) {
  const json::value* value = find_typed(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = value->if_int64()) return *number;
  problem(name, "must be a whole number (of 64 bits)");
  return std::nullopt;
}

std::optional<std::vector<std::string>> ObjectReader::strings(std::string_view name) {
  const json::value* value = find_typed(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  const auto* array = value->if_array();
  const bool sound = array != nullptr && std::ranges::all_of(*array, &json::value::is_string);
  if (!sound) {
    problem(name, "must be an array of strings");
    return std::nullopt;
  }
  for (const auto& element : *array) {
    const auto& text = element.get_string();
    texts.emplace_back(text.data(), text.size());
  }
  return texts;
}

bool ObjectReader::is_null(std::string_view name) {
  nullable_.emplace_back(name);
  const json::value* value = find(name);
  return value != nullptr && value->is_null();
}

bool ObjectReader::has(std::string_view name) const {
  return object_ != nullptr && object_->contains(name);
}

const json::value* ObjectReader::raw(std::string_view name) { return find(name); }

void ObjectReader::problem(std::string_view name, std::string what) {
  if (problems_.size() < kProblemsMax) problems_.emplace_back(name, std::move(what));
}

void ObjectReader::note_nulls_and_unknown() {
  for (const auto& name : nulls_) {
    if (std::ranges::find(nullable_, name) == nullable_.end()) problem(name, "must not be null");
  }
  if (object_ != nullptr) {
    for (const auto& member : *object_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::ranges::find(known_, name) == known_.end()) {
        problem(shown_name(name), "is not a known member");
      }
    }
  }
}

void ObjectReader::finish_into(
    const std::function<void(const std::string& name, const std::string& what)>& take) {
  note_nulls_and_unknown();
  for (const auto& [name, what] : problems_) take(name, what);
  problems_.clear();
}

void ObjectReader::finish_into(ObjectReader& outer, std::string_view path) {
  finish_into([&](const std::string& name, const std::string& what) {
    outer.problem(name.empty() ? std::string(path) : fmt::format("{}.{}", path, name), what);
  });
}

Status ObjectReader::finish() {
  note_nulls_and_unknown();
  if (problems_.empty()) return {};
  return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                               .message = problems_message(problems_),
                               .param = problems_.front().first.empty()
                                            ? std::nullopt
                                            : std::optional(problems_.front().first),
                               .details_json = problems_json(problems_)});
}

}  // namespace tollgate
