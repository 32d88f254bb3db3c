#include "dialects/request_members.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tollgate {
namespace {

std::unexpected<Error> refuse(ErrorCode code, std::string_view param, std::string message) {
  return std::unexpected(
      Error{.code = code, .message = std::move(message), .param = std::string(param)});
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

std::unexpected<Error> wrong_type(std::string_view param, std::string_view wanted) {
  return refuse(
      ErrorCode::kInvalidRequest, param,
      fmt::format("'{}' must be {}. Correct it and send the request again.", param, wanted));
}

std::unexpected<Error> bad_message(std::string_view param, std::string_view wanted) {
  return refuse(
      ErrorCode::kInvalidMessageFormat, param,
      fmt::format("'{}' must be {}. Correct it and send the request again.", param, wanted));
}

std::unexpected<Error> model_missing() {
  return refuse(ErrorCode::kInvalidRequest, "model",
                "'model' is missing. Name a model; GET /v1/models lists them.");
}

std::unexpected<Error> not_passed_on(std::string_view member, std::string_view instead) {
  return refuse(
      ErrorCode::kInvalidRequest, member,
      fmt::format("'{}' is not passed on to the provider. Leave it out. {}", member, instead));
}

bool asks_for_dearer_service(JsonCursor& cursor) {
  if (take_null(cursor)) return false;
  if (cursor.kind() != JsonKind::kString) {
    cursor.skip();
    return true;
  }
  const RawString tier = cursor.string();
  return !tier.is("auto") && !tier.is("default") && !tier.is("standard") &&
         !tier.is("standard_only") && !tier.is("flex");
}

bool take_null(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kNull) return false;
  cursor.skip();
  return true;
}

Status read_model(JsonCursor& cursor, ChatRequest& request, ModelMember model) {
  const bool optional = model == ModelMember::kOptional;
  if (optional && take_null(cursor)) {
    request.model_value = cursor.last_value();
    return {};
  }
  if (cursor.kind() != JsonKind::kString) return wrong_type("model", "a string");
  const std::string named = cursor.string().decoded();
  request.model_value = cursor.last_value();
  if (optional && named.empty()) return {};
  return set_model(named, request);
}

Status set_model(std::string_view model, ChatRequest& request) {
  request.model = model;
  if (request.model.empty() || request.model.size() > kModelLengthMax ||
      has_control(request.model)) {
    return refuse(ErrorCode::kInvalidModel, "model",
                  fmt::format("'model' must be a model id of 1 to {} printable characters. GET "
                              "/v1/models lists them.",
                              kModelLengthMax));
  }
  return {};
}

Status read_stream(JsonCursor& cursor, ChatRequest& request) {
  const JsonKind kind = cursor.kind();
  if (kind != JsonKind::kTrue && kind != JsonKind::kFalse && kind != JsonKind::kNull) {
    return wrong_type("stream", "true or false");
  }
  cursor.skip();
  request.stream = kind == JsonKind::kTrue;
  return {};
}

Status read_route(JsonCursor& cursor, const JsonCursor::Member& route, std::string_view body,
                  ChatRequest& request) {
  if (!take_null(cursor)) {
    if (cursor.kind() != JsonKind::kObject) return wrong_type("route", "an object");
    Result<RouteRequest> read = read_route_request(cursor.skip().in(body));
    if (!read) {
      Error error = std::move(read.error());
      if (!error.param) error.param = "route";
      return std::unexpected(std::move(error));
    }
    request.route = *std::move(read);
  }
  if (!cursor.failed()) request.route_member = cursor.cut_range(route);
  return {};
}

Status read_token_limit(JsonCursor& cursor, std::string_view name, std::int64_t least,
                        std::optional<std::int64_t>& out, std::optional<ByteRange>& where) {
  if (take_null(cursor)) {
    where = cursor.last_value();
    return {};
  }
  std::optional<std::int64_t> value;
  if (cursor.kind() == JsonKind::kNumber) value = cursor.integer();
  if (!value || *value < least || *value > kMaxTokensMax) {
    return wrong_type(name, fmt::format("a whole number, at least {}", least));
  }
  out = value;
  where = cursor.last_value();
  return {};
}

std::unexpected<Error> refused_body(std::string_view body, Error fault) {
  JsonCursor whole(body, kRequestDepthMax);
  whole.skip();
  if (whole.finish()) return std::unexpected(std::move(fault));
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("The request body is not valid JSON: {}. Correct it and send the request "
                          "again.",
                          whole.problem()));
}

}  // namespace tollgate
