// The members that every kind of request has in common: model, stream, route, output limits. Each
// reader stands at the cursor before the member's value and consumes exactly that value, unless it
// refuses. Leaves of chat_request.cc and messages_request.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/json_cursor.h"
#include "dialects/seen_members.h"

namespace tollgate {

// Refusals. `wanted` completes "'param' must be …".
std::unexpected<Error> wrong_type(std::string_view param, std::string_view wanted);
std::unexpected<Error> bad_message(std::string_view param, std::string_view wanted);
std::unexpected<Error> model_missing();
// Of a member that would choose at the provider what the gateway chooses.
inline constexpr std::string_view kOwnFallback =
    "The gateway falls back by itself, to models that the key may use.";
inline constexpr std::string_view kNoOtherModel =
    "The provider's own tools may use only models that the provider chooses for them.";
std::unexpected<Error> not_passed_on(std::string_view member, std::string_view instead);

// Reads `service_tier`: whether another than the ordinary one, or a cheaper, is asked for, whose
// price nobody has told us (platform.openai.com/docs/guides/priority-processing,
// platform.claude.com/docs/en/api/service-tiers).
bool asks_for_dearer_service(JsonCursor& cursor);

// null counts as absent, as it does with the providers: consumed, if it is there.
bool take_null(JsonCursor& cursor);

Status read_model(JsonCursor& cursor, ChatRequest& request,
                  ModelMember model = ModelMember::kRequired);
// kInvalidModel for what can be no model's name.
Status set_model(std::string_view model, ChatRequest& request);
Status read_stream(JsonCursor& cursor, ChatRequest& request);
// `route` is ours and is never sent on, so that a member we do not know is a mistake to be told.
Status read_route(JsonCursor& cursor, const JsonCursor::Member& route, std::string_view body,
                  ChatRequest& request);
// A number of tokens from `least` to kMaxTokensMax, or null.
Status read_token_limit(JsonCursor& cursor, std::string_view name, std::int64_t least,
                        std::optional<std::int64_t>& out, std::optional<ByteRange>& where);

// The one object that a body is, member by member: `read` consumes each one's value, or refuses.
// After an error the cursor may stand anywhere.
template <class Read>
Status read_body_object(JsonCursor& cursor, ChatRequest& request, const Read& read) {
  if (cursor.kind() != JsonKind::kObject) {
    return fail(ErrorCode::kInvalidRequest, "The request body must be a JSON object.");
  }
  request.object_open = cursor.offset();
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (Status status = read(member); !status) return status;
  }
  if (!cursor.finish()) return fail(ErrorCode::kInvalidRequest, cursor.problem());
  return {};
}

// The same of the members that a reader knows: `Known` is a name's place in `names`. Others are
// skipped, and one that stands twice is refused.
template <class Known, std::size_t kCount, class Read>
Status read_known_members(JsonCursor& cursor, ChatRequest& request, SeenMembers& seen,
                          const std::array<std::string_view, kCount>& names, const Read& read) {
  static_assert(kCount == static_cast<std::size_t>(Known::kOther));
  return read_body_object(cursor, request, [&](const JsonCursor::Member& member) -> Status {
    for (unsigned place = 0; place < kCount; ++place) {
      if (!member.name.is(names[place])) continue;
      if (!seen.first(place)) return repeated_member(std::string(names[place]));
      return read(static_cast<Known>(place), member);
    }
    cursor.skip();
    return {};
  });
}

// The error to answer with for a body that a reader refused with `fault`: that it is not JSON goes
// before anything that a reader made of it.
std::unexpected<Error> refused_body(std::string_view body, Error fault);

}  // namespace tollgate
