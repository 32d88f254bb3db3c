// The syntax of HTTP/1.1 heads, line by line: what http_codec reads before it asks what a head
// means. Internal to net/.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace tollgate::net {

struct HeadLimits;

// Which kind of start line the head has.
enum class HeadKind { kRequest, kResponse };

// The three parts of a start line: method, target, version or version, status, reason.
struct StartLine {
  std::string_view first, second, third;
};

// Why a head is refused, always a literal. nullptr means sound.
using Fault = const char*;

// Scans the head at the start of `bytes` and appends its fields. The number of bytes the head
// takes, 0 if it is incomplete and sound so far, or the fault.
std::expected<std::size_t, Fault> scan_head(std::string_view bytes, HeadKind kind,
                                            const HeadLimits& limits, StartLine& start,
                                            std::vector<Field>& fields);

// The bytes of an RFC 9110 token at the start of `text`.
std::size_t token_length(std::string_view text);
// No control byte but HTAB, no DEL: what a field value may hold.
bool is_field_text(std::string_view text);
bool is_visible_ascii(std::string_view text);

}  // namespace tollgate::net
