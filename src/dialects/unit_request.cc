#include "dialects/unit_request.h"

#include <limits>
#include <utility>

#include "base/check.h"
#include "dialects/request_members.h"
#include "dialects/request_parts.h"
#include "dialects/seen_members.h"

namespace tollgate {
namespace {

// Of a moderation that names none.
constexpr std::string_view kModerationModel = "omni-moderation-latest";

constexpr unsigned kModel = 0;
constexpr unsigned kRoute = 1;
constexpr unsigned kModels = 2;
constexpr unsigned kFallbacks = 3;
constexpr unsigned kServiceTier = 4;
constexpr unsigned kFirstOwn = 5;

class UnitReader {
 public:
  UnitReader(std::string_view body, CompletionKind kind, std::span<const UnitMember> members)
      : body_(body),
        members_(members),
        cursor_(body, kRequestDepthMax),
        reading_{.cursor = cursor_, .body = body, .request = request_, .param = {}} {
    request_.kind = kind;
    request_.needs.output = OutputBound::kNone;
  }

  Result<ChatRequest> read() {
    if (Status status = read_document(); !status) {
      return refused_body(body_, std::move(status.error()));
    }
    RequestNeeds& needs = request_.needs;
    needs.text_bytes = static_cast<std::int64_t>(body_.size()) - reading_.media_bytes;
    needs.query_bytes = reading_.query_bytes;
    // A query is read again with each of the documents.
    std::int64_t again = 0;
    if (__builtin_mul_overflow(reading_.query_bytes, needs.inputs - 1, &again) ||
        __builtin_add_overflow(needs.text_bytes, again, &needs.text_bytes)) {
      needs.text_bytes = std::numeric_limits<std::int64_t>::max();
    }
    return std::move(request_);
  }

 private:
  Status read_document() {
    Status members = read_body_object(cursor_, request_, [this](const JsonCursor::Member& member) {
      return read_member(member);
    });
    if (!members) return members;
    if (!seen_.has(kModel)) {
      if (request_.kind != CompletionKind::kModerations) return model_missing();
      request_.model = kModerationModel;
      request_.model_given = false;
    }
    if (!reading_.count_param.empty() && reading_.count != request_.n) {
      return wrong_type(reading_.count_param, "left out, or equal to 'n': say how many in 'n'");
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const bool there = present_.has(kFirstOwn + static_cast<unsigned>(i));
      if (there || members_[i].presence == Presence::kOptional) continue;
      return wrong_type(members_[i].name, members_[i].wanted);
    }
    return {};
  }

  Status read_member(const JsonCursor::Member& member) {
    if (member.name.is("model")) {
      if (!seen_.first(kModel)) return repeated_member("model");
      return read_model(cursor_, request_);
    }
    if (member.name.is("route")) {
      if (!seen_.first(kRoute)) return repeated_member("route");
      return read_route(cursor_, member, body_, request_);
    }
    // Other models, for a provider that is a gateway itself.
    if (member.name.is("models")) return refuse_choice(kModels, "models");
    if (member.name.is("fallbacks")) return refuse_choice(kFallbacks, "fallbacks");
    if (member.name.is("service_tier")) {
      if (!seen_.first(kServiceTier)) return repeated_member("service_tier");
      request_.needs.hosted_fees |= asks_for_dearer_service(cursor_);
      return {};
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!member.name.is(members_[i].name)) continue;
      const unsigned index = kFirstOwn + static_cast<unsigned>(i);
      if (!seen_.first(index)) return repeated_member(std::string(members_[i].name));
      if (take_null(cursor_)) return {};
      (void)present_.first(index);
      reading_.param = members_[i].name;
      return members_[i].read(reading_);
    }
    cursor_.skip();
    return {};
  }

  Status refuse_choice(unsigned index, std::string_view name) {
    if (!seen_.first(index)) return repeated_member(std::string(name));
    if (skip_asking(cursor_)) return not_passed_on(name, kOwnFallback);
    return {};
  }

  std::string_view body_;
  std::span<const UnitMember> members_;
  JsonCursor cursor_;
  ChatRequest request_;
  UnitReading reading_;
  SeenMembers seen_;
  SeenMembers present_;
};

}  // namespace

Result<ChatRequest> read_unit_request(std::string_view body, CompletionKind kind,
                                      std::span<const UnitMember> members) {
  check(members.size() <= 24, "members fit a SeenMembers");
  return UnitReader(body, kind, members).read();
}

}  // namespace tollgate
