#include "admin/request_body.h"

#include <algorithm>
#include <string>

#include "base/hash.h"

namespace tollgate {

namespace {

constexpr std::size_t kIdempotencyKeyLengthMax = 255;

// The media type without its parameters, in lower case.
std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return type;
}

Error bad_idempotency_key() {
  return Error{.code = ErrorCode::kInvalidRequest,
               .message = "Send Idempotency-Key once, with 1 to 255 visible ASCII characters.",
               .param = "Idempotency-Key"};
}

}  // namespace

Status check_json_fields(const net::FieldList& head) {
  const std::string coding = media_type(head.find("content-encoding"));
  if (!coding.empty() && coding != "identity") {
    return fail(ErrorCode::kUnsupportedMediaType, "Send the body without a content coding.");
  }
  if (head.count("content-type") == 0) return {};
  const std::string type = media_type(head.find("content-type"));
  const bool known = type == "application/json" || type == "application/merge-patch+json";
  if (known && head.count("content-type") == 1) return {};
  return fail(ErrorCode::kUnsupportedMediaType,
              "Send the body as JSON, with the header Content-Type: application/json.");
}

Task<Result<std::string_view>> read_json_body(AdminCall& call) {
  const net::RequestHead& head = call.exchange.head();
  if (head.framing != net::Framing::kNone) {
    if (auto sound = check_json_fields(head); !sound) co_return std::unexpected(sound.error());
  }
  co_return co_await call.exchange.read_body(kAdminBodyBytesMax);
}

Result<std::optional<Idempotency>> idempotency_of(const net::RequestHead& head, const Principal& by,
                                                  std::string_view body) {
  const int count = head.count("idempotency-key");
  if (count == 0) return std::optional<Idempotency>();
  const std::string_view key = head.find("idempotency-key");
  const bool visible = std::ranges::all_of(key, [](char c) { return c >= 0x21 && c <= 0x7e; });
  if (count > 1 || key.empty() || key.size() > kIdempotencyKeyLengthMax || !visible) {
    return std::unexpected(bad_idempotency_key());
  }
  std::string request(head.method);
  request += '\n';
  request += head.target;
  request += '\n';
  request += body;
  return Idempotency{.key = std::string(key), .caller = by.actor, .fingerprint = sha256(request)};
}

}  // namespace tollgate
