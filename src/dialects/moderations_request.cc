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

// {"type": "text", "text": …} or {"type": "image_url", "image_url": {"url": …}}, an image by value
// or by URL, and no text. What a part of another shape takes nobody can tell.
Status read_part(UnitReading& reading) {
  enum Member : std::uint8_t { kType, kText, kImageUrl, kOther };
  JsonCursor& cursor = reading.cursor;
  bool text = false;
  bool image = false;
  SeenMembers seen;
  JsonCursor::Member member;
  const std::size_t begin = cursor.offset();
  for (cursor.open_object(); cursor.next_member(member);) {
    const Member which = member.name.is("type")        ? kType
                         : member.name.is("text")      ? kText
                         : member.name.is("image_url") ? kImageUrl
                                                       : kOther;
    if (!seen.first(which) && which != kOther) {
      return wrong_type("input", "an array of parts with no member twice");
    }
    if (which != kType) {
      cursor.skip();
      continue;
    }
    if (cursor.kind() != JsonKind::kString) return wrong_type("input.type", "a string");
    const RawString type = cursor.string();
    text = type.is("text");
    image = type.is("image_url");
  }
  RequestNeeds& needs = reading.request.needs;
  if (text && !seen.has(kImageUrl) && !seen.has(kOther)) return {};
  if (image && !seen.has(kText) && !seen.has(kOther)) {
    ++needs.images;
    reading.media_bytes += static_cast<std::int64_t>(cursor.value_end() - begin);
  } else {
    needs.whole_window = true;
  }
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
