// POST /v1/rerank, in the shape that Cohere and Jina share (docs.cohere.com/reference/rerank,
// jina.ai/reranker): priced by the request, or by the token.
#include <algorithm>
#include <array>

#include "dialects/request_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

// What Cohere bills as one search (docs.cohere.com/docs/rate-limits, "search units"): a query and
// up to a hundred documents, where each piece of a longer one counts as one. The query is in the
// piece.
constexpr std::int64_t kDocumentsPerSearch = 100;
constexpr std::int64_t kPieceTokens = 500;

std::int64_t searches(std::int64_t documents) {
  return documents / kDocumentsPerSearch + (documents % kDocumentsPerSearch != 0 ? 1 : 0);
}

constexpr std::string_view kDocumentsWanted = "a non-empty array of strings or objects";

Status read_query(UnitReading& reading) {
  if (reading.cursor.kind() != JsonKind::kString) return wrong_type(reading.param, "a string");
  reading.query_bytes = static_cast<std::int64_t>(reading.cursor.skip().length);
  return {};
}

// Whether it is {"text": "…"} and nothing beside: anything else may be an image, by value or by
// URL.
bool read_text_document(JsonCursor& cursor) {
  bool text = true;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    text &= member.name.is("text") && cursor.kind() == JsonKind::kString;
    cursor.skip();
  }
  return text;
}

Status read_documents(UnitReading& reading) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.kind() != JsonKind::kArray) return wrong_type(reading.param, kDocumentsWanted);
  std::int64_t elements = 0;
  for (cursor.open_array(); cursor.next_element(); ++elements) {
    if (cursor.kind() == JsonKind::kString) {
      cursor.skip();
    } else if (cursor.kind() == JsonKind::kObject) {
      if (!read_text_document(cursor)) reading.request.needs.whole_window = true;
    } else {
      return wrong_type(reading.param, kDocumentsWanted);
    }
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
  auto request = read_unit_request(body, CompletionKind::kRerank, kMembers);
  if (!request) return request;
  RequestNeeds& needs = request->needs;
  const std::int64_t room = std::max(kPieceTokens - needs.query_bytes, kPieceTokens / 2);
  needs.units.requests = searches(needs.inputs);
  needs.requests_max = searches(needs.inputs + static_cast<std::int64_t>(body.size()) / room);
  return request;
}

}  // namespace tollgate
