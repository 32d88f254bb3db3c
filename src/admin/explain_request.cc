#include "admin/explain_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "dialects/json_cursor.h"
#include "intake/read_request.h"

namespace tollgate {

namespace {

constexpr std::array<std::string_view, 4> kMembers = {"key", "body", "route", "region"};

std::unexpected<Error> refuse(std::string_view param, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                               .message = std::move(message),
                               .param = std::string(param)});
}

class ExplainReader {
 public:
  explicit ExplainReader(std::string_view text)
      : text_(text), cursor_(text, kRequestDepthMax + 1) {}

  Result<ExplainRequest> read() {
    if (cursor_.kind() != JsonKind::kObject) {
      return refuse("body", "Send a JSON object with `key` and `body`.");
    }
    JsonCursor::Member member;
    for (cursor_.open_object(); cursor_.next_member(member);) {
      if (Status status = read_member(member); !status) return std::unexpected(status.error());
    }
    if (!cursor_.finish()) return fail(ErrorCode::kInvalidRequest, cursor_.problem());
    if (request_.key.empty()) return refuse("key", "Name the key, by id or name, in `key`.");
    if (!seen_[1]) return refuse("body", "Put the request to explain in `body`.");
    return std::move(request_);
  }

 private:
  Status read_member(const JsonCursor::Member& member) {
    const auto at = std::ranges::find_if(
        kMembers, [&](std::string_view known) { return member.name.is(known); });
    if (at == kMembers.end()) {
      return refuse("body", "Send no members but `key`, `body`, `route` and `region`.");
    }
    bool& seen = seen_.at(static_cast<std::size_t>(at - kMembers.begin()));
    if (std::exchange(seen, true)) return refuse(*at, "A member stands twice. Send it once.");
    if (*at == "body") {
      request_.body = cursor_.skip().in(text_);
      return {};
    }
    if (cursor_.kind() != JsonKind::kString) {
      return refuse(*at, "`" + std::string(*at) + "` must be a string.");
    }
    std::string value = cursor_.string().decoded();
    if (*at == "key")
      request_.key = std::move(value);
    else if (*at == "region")
      request_.region = std::move(value);
    else
      return read_route(value);
    return {};
  }

  Status read_route(const std::string& path) {
    const std::optional<CompletionKind> kind = completion_kind(path);
    if (!kind) {
      return refuse("route",
                    "`route` must be the path of a route that takes JSON, such as "
                    "/v1/chat/completions or /v1/messages.");
    }
    request_.kind = *kind;
    return {};
  }

  std::string_view text_;
  JsonCursor cursor_;
  ExplainRequest request_;
  std::array<bool, kMembers.size()> seen_{};
};

}  // namespace

Result<ExplainRequest> read_explain_request(std::string_view text) {
  return ExplainReader(text).read();
}

}  // namespace tollgate
