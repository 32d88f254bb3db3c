#include "dialects/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tollgate {
namespace {

constexpr std::string_view kCrLf = "\r\n";

std::unexpected<Error> malformed(std::string_view what) {
  return fail(
      ErrorCode::kInvalidRequest,
      fmt::format("The form could not be read: {}. Send multipart/form-data as RFC 7578 has "
                  "it.",
                  what));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_alphanumeric(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

// RFC 9110 §5.6.2.
bool is_token_character(char c) {
  return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

// RFC 2046 §5.1.1, without the blank, which nobody uses and some trim.
bool is_boundary_character(char c) {
  return is_alphanumeric(c) || std::string_view("'()+_,-./:=?").contains(c);
}

void trim_left(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// `; name=value` or `; name="value"`, one after the other. A quoted value stands as it is written:
// with a backslash in it, parsers differ.
class Parameters {
 public:
  explicit Parameters(std::string_view rest) : rest_(rest) {}

  struct Parameter {
    std::string_view name;
    std::string_view value;
  };
  // nullopt at the end, and for what is broken: broken() tells.
  std::optional<Parameter> next() {
    trim_left(rest_);
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() != ';') return failed();
    rest_.remove_prefix(1);
    trim_left(rest_);
    Parameter read;
    read.name = take_token();
    if (read.name.empty() || !rest_.starts_with('=')) return failed();
    rest_.remove_prefix(1);
    if (!rest_.starts_with('"')) {
      read.value = take_token();
      if (read.value.empty()) return failed();
      return read;
    }
    const std::size_t end = rest_.find('"', 1);
    if (end == std::string_view::npos) return failed();
    read.value = rest_.substr(1, end - 1);
    if (read.value.contains('\\')) return failed();
    rest_.remove_prefix(end + 1);
    return read;
  }
  bool broken() const { return broken_; }

 private:
  std::optional<Parameter> failed() {
    broken_ = true;
    return std::nullopt;
  }
  std::string_view take_token() {
    const auto* const end = std::ranges::find_if_not(rest_, is_token_character);
    const std::string_view token = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(token.size());
    return token;
  }

  std::string_view rest_;
  bool broken_ = false;
};

// No letter of it means another to any parser.
bool is_plain_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7F && c != '%'; });
}

Status read_disposition(std::string_view value, FormPart& part) {
  constexpr std::string_view kFormData = "form-data";
  if (!equals_ignoring_case(value.substr(0, kFormData.size()), kFormData)) {
    return malformed("a part's disposition is not form-data");
  }
  Parameters parameters(value.substr(kFormData.size()));
  bool named = false;
  while (const auto parameter = parameters.next()) {
    if (equals_ignoring_case(parameter->name, "name")) {
      if (named || !is_plain_name(parameter->value)) return malformed("a part's name is not plain");
      named = true;
      part.name = parameter->value;
    } else if (equals_ignoring_case(parameter->name, "filename") ||
               equals_ignoring_case(parameter->name, "filename*")) {
      part.file = true;
    } else {
      return malformed("a part's disposition has a parameter that is not known");
    }
  }
  if (parameters.broken() || !named) return malformed("a part's disposition is broken");
  return {};
}

// The charset of a Content-Type; "?" where it is not plain.
std::string_view charset_of(std::string_view type) {
  constexpr std::string_view kUnknown = "?";
  std::string_view charset;
  Parameters parameters(type.substr(std::min(type.find(';'), type.size())));
  while (const auto parameter = parameters.next()) {
    if (equals_ignoring_case(parameter->name, "charset*")) return kUnknown;
    if (!equals_ignoring_case(parameter->name, "charset")) continue;
    if (!charset.empty() || parameter->value.empty()) return kUnknown;
    charset = parameter->value;
  }
  return parameters.broken() ? kUnknown : charset;
}

bool is_harmless_encoding(std::string_view value) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"7bit", "8bit", "binary"},
      [&](std::string_view one) { return equals_ignoring_case(value, one); });
}

// The part's header lines, without the blank one.
Status read_head(std::string_view head, FormPart& part) {
  bool disposed = false;
  bool typed = false;
  while (!head.empty()) {
    const std::size_t end = head.find(kCrLf);
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + kCrLf.size());
    if (line.contains('\r') || line.contains('\n') || line.contains('\0')) {
      return malformed("a part's header has a stray line end");
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() ||
        !std::ranges::all_of(name, is_token_character)) {
      return malformed("a part's header is broken");
    }
    std::string_view value = line.substr(colon + 1);
    trim_left(value);
    if (equals_ignoring_case(name, "Content-Disposition")) {
      if (disposed) return malformed("a part has two dispositions");
      disposed = true;
      if (Status read = read_disposition(value, part); !read) return read;
    } else if (equals_ignoring_case(name, "Content-Type")) {
      if (std::exchange(typed, true)) return malformed("a part has two types");
      part.charset = charset_of(value);
    } else if (equals_ignoring_case(name, "Content-Transfer-Encoding") &&
               !is_harmless_encoding(value)) {
      return malformed("a part is encoded");
    }
  }
  if (!disposed) return malformed("a part has no disposition");
  return {};
}

class FormReader {
 public:
  FormReader(std::string_view body, std::string_view boundary)
      : body_(body), dash_boundary_(std::string("--").append(boundary)) {}

  Result<std::vector<FormPart>> read() {
    if (!body_.starts_with(dash_boundary_)) return malformed("it does not begin with its boundary");
    std::vector<FormPart> parts;
    std::size_t delimiter = 0;
    for (;;) {
      const std::size_t at = delimiter + dash_boundary_.size();
      const std::string_view behind = body_.substr(at);
      if (behind.starts_with("--")) {
        const std::string_view rest = behind.substr(2);
        if (!rest.empty() && rest != kCrLf) return malformed("something follows its end");
        if (parts.empty()) return malformed("it has no parts");
        return parts;
      }
      if (!behind.starts_with(kCrLf)) return malformed("a delimiter is broken");
      if (parts.size() == kFormPartsMax) return malformed("it has too many parts");
      FormPart& part = parts.emplace_back();
      if (Status read = read_part(at + kCrLf.size(), part); !read) {
        return std::unexpected(read.error());
      }
      part.whole = {delimiter, part.content.end() + kCrLf.size() - delimiter};
      delimiter = part.whole.end();
    }
  }

 private:
  Status read_part(std::size_t begin, FormPart& part) {
    const std::string_view near = body_.substr(begin, kPartHeadBytesMax);
    const std::size_t blank = near.find("\r\n\r\n");
    if (blank == std::string_view::npos) return malformed("a part's header does not end");
    const std::string_view head = near.substr(0, blank);
    if (head.contains(dash_boundary_)) return malformed("a part's header holds the boundary");
    if (Status read = read_head(head, part); !read) return read;
    const std::size_t content = begin + blank + 4;
    const std::size_t next = body_.find(dash_boundary_, content);
    if (next == std::string_view::npos) return malformed("a part does not end");
    // Wherever else it stands, another parser might take it for a delimiter.
    if (next < content + kCrLf.size() || body_.substr(next - 2, 2) != kCrLf) {
      return malformed("a part holds the boundary");
    }
    part.content = {content, next - kCrLf.size() - content};
    return {};
  }

  std::string_view body_;
  std::string dash_boundary_;
};

}  // namespace

Result<std::string_view> form_boundary(std::string_view content_type) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  std::string_view type = content_type.substr(0, end);
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  if (!equals_ignoring_case(type, "multipart/form-data")) {
    return fail(ErrorCode::kUnsupportedMediaType,
                "Send the request as a form, with the header Content-Type: multipart/form-data.");
  }
  Parameters parameters(content_type.substr(end));
  std::optional<std::string_view> boundary;
  while (const auto parameter = parameters.next()) {
    if (equals_ignoring_case(parameter->name, "boundary")) {
      if (boundary) return malformed("Content-Type names two boundaries");
      boundary = parameter->value;
    } else if (parameter->name.contains('*')) {
      return malformed("Content-Type has an encoded parameter");
    }
  }
  if (parameters.broken() || !boundary || boundary->empty() ||
      boundary->size() > kBoundaryLengthMax ||
      !std::ranges::all_of(*boundary, is_boundary_character)) {
    return malformed("Content-Type names no boundary");
  }
  return *boundary;
}

bool is_charset(std::string_view charset, std::string_view name) {
  return equals_ignoring_case(charset, name);
}

Result<std::vector<FormPart>> read_form(std::string_view body, std::string_view boundary) {
  return FormReader(body, boundary).read();
}

}  // namespace tollgate
