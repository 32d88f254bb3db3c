// POST /v1/rerank, in the shape that Cohere and Jina share (docs.cohere.com/reference/rerank,
// jina.ai/reranker): priced by the request, or by the token.
#include <array>

#include "dialects/request_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

constexpr std::string_view kDocumentsWanted = "a non-empty array of strings or objects";

Status read_query(UnitReading& reading) {
  if (reading.cursor.kind() != JsonKind::kString) return wrong_type(reading.param, "a string");
  reading.query_bytes = static_cast<std::int64_t>(reading.cursor.skip().length);
  return {};
}

Status read_documents(UnitReading& reading) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.kind() != JsonKind::kArray) return wrong_type(reading.param, kDocumentsWanted);
  std::int64_t elements = 0;
  for (cursor.open_array(); cursor.next_element(); ++elements) {
    if (cursor.kind() != JsonKind::kString && cursor.kind() != JsonKind::kObject) {
      return wrong_type(reading.param, kDocumentsWanted);
    }
    cursor.skip();
  }
  if (elements == 0) return wrong_type(reading.param, kDocumentsWanted);
  reading.request.needs.inputs = elements;
  return {};
}

constexpr std::array kMembers = {
    UnitMember{"query", read_query, Presence::kRequired, "a string"},
    UnitMember{"documents", read_documents, Presence::kRequired, kDocumentsWanted},
};

}  // namespace

Result<ChatRequest> read_rerank_request(std::string_view body) {
  return read_unit_request(body, CompletionKind::kRerank, kMembers);
}

}  // namespace tollgate
