// HTTP/1.1 heads as the codec hands them out (RFC 9112). All views point into the buffer the head
// was parsed from, which must outlive and not move under them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tollgate::net {

inline constexpr std::size_t kHeadBytesMax = 32 * 1024;
inline constexpr std::size_t kHeadFieldsMax = 100;

struct Field {
  std::string_view name;
  std::string_view value;  // without surrounding SP and HTAB
};

// ASCII letters compared without case, all other bytes as they are, whatever the locale.
bool equals_ignoring_case(std::string_view left, std::string_view right);

// How the body that follows a head is framed.
enum class Framing {
  kNone,
  kLength,
  kChunked,
  kUntilClose,
  // Chunked around codings that we do not decode ("gzip, chunked"): a sound head whose body nobody
  // can read. BodyDecoder answers its first call with kNotImplemented. Requests only.
  kCoded,
};

struct FieldList {
  std::vector<Field> fields;

  // Name compared without case. The first one's value; an empty view (data() == nullptr) if absent.
  std::string_view find(std::string_view name) const;
  // How often the name stands.
  int count(std::string_view name) const;
};

struct RequestHead : FieldList {
  std::string_view method;
  std::string_view target;  // as sent: origin-form, absolute-form or "*"
  int minor_version = 1;    // HTTP/1.0 or HTTP/1.1
  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expect_continue = false;

  // The target's path and its query without '?'; for absolute-form, of the part after the
  // authority.
  std::string_view path() const;
  std::string_view query() const;
};

struct ResponseHead : FieldList {
  int status = 0;
  int minor_version = 1;
  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
};

}  // namespace tollgate::net
