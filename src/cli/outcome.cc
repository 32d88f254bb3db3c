#include "cli/outcome.h"

#include <fmt/format.h>

#include "base/json.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

std::string envelope(const Error& error) {
  json::value param;
  if (error.param) param = json::string(*error.param);
  return json::serialize(json::object{{"error",
                                       {{"message", error.message},
                                        {"type", error_type(error.code)},
                                        {"code", error_code_name(error.code)},
                                        {"param", std::move(param)},
                                        {"request_id", nullptr},
                                        {"doc_url", nullptr},
                                        {"details", nullptr}}}});
}

}  // namespace

std::unexpected<Failure> failed(const Error& error) {
  return std::unexpected(Failure{.message = error.message, .envelope = envelope(error)});
}

std::unexpected<Failure> misused(std::string message) {
  const Error error{.code = ErrorCode::kInvalidRequest, .message = message};
  return std::unexpected(Failure{
      .message = std::move(message), .envelope = envelope(error), .exit_status = kExitUsage});
}

std::unexpected<Failure> refused(int status, std::string_view body) {
  const auto document = parse_json(body);
  const json::object* object = document ? document->if_object() : nullptr;
  const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
  const json::object* members = error == nullptr ? nullptr : error->if_object();
  const json::value* message = members == nullptr ? nullptr : members->if_contains("message");
  if (message == nullptr || !message->is_string()) {
    return failed({.code = status >= 500 ? ErrorCode::kServiceUnavailable : ErrorCode::kInternal,
                   .message = fmt::format("The server answered {} without saying why. Is this the "
                                          "address of a Tollgate?",
                                          status)});
  }
  return std::unexpected(
      Failure{.message = printable(message->get_string()), .envelope = json::serialize(*document)});
}

}  // namespace tollgate::cli
