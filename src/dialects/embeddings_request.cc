// POST /v1/embeddings: input tokens, and nothing is put out
// (platform.openai.com/docs/api-reference/embeddings/create).
#include <array>
#include <optional>

#include "dialects/request_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

constexpr std::string_view kWanted =
    "a string, or a non-empty array of strings, of tokens, or of arrays of tokens";

bool read_tokens(JsonCursor& cursor) {
  std::size_t count = 0;
  for (cursor.open_array(); cursor.next_element(); ++count) {
    if (cursor.kind() != JsonKind::kNumber || !cursor.integer()) return false;
  }
  return count > 0;
}

// All elements are of one kind.
Status read_input(UnitReading& reading) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.kind() == JsonKind::kString) {
    cursor.skip();
    return {};
  }
  if (cursor.kind() != JsonKind::kArray) return wrong_type(reading.param, kWanted);
  std::optional<JsonKind> kind;
  std::int64_t elements = 0;
  for (cursor.open_array(); cursor.next_element(); ++elements) {
    if (kind.value_or(cursor.kind()) != cursor.kind()) return wrong_type(reading.param, kWanted);
    kind = cursor.kind();
    if (kind == JsonKind::kNumber) {
      if (!cursor.integer()) return wrong_type(reading.param, kWanted);
    } else if (kind == JsonKind::kArray) {
      if (!read_tokens(cursor)) return wrong_type(reading.param, kWanted);
    } else if (kind == JsonKind::kString || kind == JsonKind::kObject) {
      cursor.skip();
    } else {
      return wrong_type(reading.param, kWanted);
    }
  }
  if (!kind) return wrong_type(reading.param, kWanted);
  // An array of tokens is one input; any other has one in each element.
  if (kind != JsonKind::kNumber) reading.request.needs.inputs = elements;
  // An image or a recording, by value or by URL.
  if (kind == JsonKind::kObject) reading.request.needs.whole_window = true;
  return {};
}

constexpr std::array kMembers = {
    UnitMember{"input", read_input, Presence::kRequired, kWanted},
};

}  // namespace

Result<ChatRequest> read_embeddings_request(std::string_view body) {
  return read_unit_request(body, CompletionKind::kEmbeddings, kMembers);
}

}  // namespace tollgate
