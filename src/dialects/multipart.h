// Reads a multipart/form-data body (RFC 7578, RFC 2046 §5.1) as far as policy needs: which parts
// there are, what they are called, and where they stand, so that the body goes upstream as its own
// bytes. Strict: what two parsers could read differently is refused, for what we checked must be
// what the provider does. Pure; copies nothing.
//
// Refused beside what is malformed: text before the first or behind the last delimiter, the
// boundary anywhere but in a delimiter, line ends that are not CRLF, folded header lines, a
// disposition or a Content-Type twice, names that are escaped or encoded, and transfer encodings.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialects/byte_range.h"

namespace tollgate {

inline constexpr std::size_t kFormPartsMax = 64;
inline constexpr std::size_t kPartHeadBytesMax = 8 * 1024;
inline constexpr std::size_t kBoundaryLengthMax = 70;  // RFC 2046 §5.1.1

struct FormPart {
  std::string_view name;
  bool file = false;              // it has a filename
  std::string_view charset = {};  // of its Content-Type; empty for none, "?" for one not plain
  ByteRange content;
  ByteRange whole;  // from its delimiter up to the next: what to cut so that the part is gone
};

// The boundary that a Content-Type names. kUnsupportedMediaType unless it is multipart/form-data;
// kInvalidRequest for no boundary, two, or one that is not 1–70 of RFC 2046's characters.
Result<std::string_view> form_boundary(std::string_view content_type);

// Whether `charset` is that one, in any case.
bool is_charset(std::string_view charset, std::string_view name);

// All parts, in order. kInvalidRequest for what is refused. What comes of it points into `body`.
Result<std::vector<FormPart>> read_form(std::string_view body, std::string_view boundary);

}  // namespace tollgate
