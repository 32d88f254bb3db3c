// POST /v1/moderations: priced like embeddings, where it is priced at all
// (platform.openai.com/docs/api-reference/moderations/create).
#include <array>

#include "dialects/request_members.h"
#include "dialects/seen_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

constexpr std::string_view kWanted =
    "a string, or a non-empty array of strings or of parts with a type";

// {"type": "text", "text": …} or {"type": "image_url", "image_url": {"url": …}}. What is no text
// counts as an image, by value or by URL.
Status read_part(UnitReading& reading) {
  JsonCursor& cursor = reading.cursor;
  bool text = false;
  SeenMembers seen;
  JsonCursor::Member member;
  const std::size_t begin = cursor.offset();
  for (cursor.open_object(); cursor.next_member(member);) {
    if (!member.name.is("type")) {
      cursor.skip();
      continue;
    }
    if (!seen.first(0)) return repeated_member("input.type");
    if (cursor.kind() != JsonKind::kString) return wrong_type("input.type", "a string");
    text = cursor.string().is("text");
  }
  if (text) return {};
  ++reading.request.needs.images;
  reading.media_bytes += static_cast<std::int64_t>(cursor.value_end() - begin);
  return {};
}

Status read_input(UnitReading& reading) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.kind() == JsonKind::kString) {
    cursor.skip();
    return {};
  }
  if (cursor.kind() != JsonKind::kArray) return wrong_type(reading.param, kWanted);
  std::int64_t elements = 0;
  for (cursor.open_array(); cursor.next_element(); ++elements) {
    if (cursor.kind() == JsonKind::kString) {
      cursor.skip();
    } else if (cursor.kind() == JsonKind::kObject) {
      if (Status part = read_part(reading); !part) return part;
    } else {
      return wrong_type(reading.param, kWanted);
    }
  }
  if (elements == 0) return wrong_type(reading.param, kWanted);
  reading.request.needs.inputs = elements;
  return {};
}

constexpr std::array kMembers = {
    UnitMember{"input", read_input, Presence::kRequired, kWanted},
};

}  // namespace

Result<ChatRequest> read_moderations_request(std::string_view body) {
  return read_unit_request(body, CompletionKind::kModerations, kMembers);
}

}  // namespace tollgate
