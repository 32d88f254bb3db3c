#include "gateway/provider_refusal.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "dialects/openai_answer.h"
#include "net/http_date.h"

namespace tollgate {

namespace {

constexpr std::chrono::seconds kRetryAfterMax{24 * 3'600};

std::optional<ErrorCode> code_of_request_fault(int status) {
  switch (status) {
    case 400:
      return ErrorCode::kInvalidRequest;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 413:
      return ErrorCode::kPayloadTooLarge;
    case 415:
      return ErrorCode::kUnsupportedMediaType;
    case 422:
      return ErrorCode::kUnprocessable;
    default:
      return std::nullopt;
  }
}

// RFC 9110 §10.2.3: whole seconds, or a date.
std::optional<std::chrono::seconds> retry_after(std::string_view text, WallTime now) {
  using std::chrono::seconds;
  if (const auto date = net::parse_http_date(text)) {
    return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), kRetryAfterMax);
  }
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0) {
    return std::nullopt;
  }
  return std::min(seconds(number), kRetryAfterMax);
}

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of(":/"));
}

// Empty when a credential of ours or the provider's address stands in it.
std::string tellable(std::string said, const Provider& provider) {
  const auto holds = [&said](std::string_view secret) {
    return !secret.empty() && said.find(secret) != std::string::npos;
  };
  bool withheld = holds(provider.api_key.expose()) || holds(host_of(provider.base_url));
  for (const auto& [name, value] : provider.headers) withheld = withheld || holds(value);
  return withheld ? std::string() : std::move(said);
}

}  // namespace

Again again_after(int status, std::string_view body) {
  if (status == 408 || status == 429 || status >= 500) return Again::kAnywhere;
  if (status == 401 || status == 402 || status == 403) return Again::kElsewhere;
  // platform.openai.com/docs/guides/error-codes; Anthropic has no code for it, only these words.
  const bool too_long = body.contains("context_length_exceeded") ||
                        body.contains("maximum context length") ||
                        body.contains("prompt is too long");
  return (status == 400 || status == 413) && too_long ? Again::kElsewhere : Again::kNever;
}

bool may_lack_path(int status, std::string_view body, const RequestNeeds& needs) {
  if (status == 405) return true;
  if (status != 404 && status != 501) return false;
  // What providers call a model that a request names.
  const auto says = [body](std::string_view word) {
    return !std::ranges::search(body, word, {}, lower_case).empty();
  };
  return !needs.whole_window && !says("model") && !says("deployment") && !says("engine");
}

Error provider_refusal(const UpstreamHead& head, std::string_view body, const Provider& provider,
                       WallTime now) {
  const std::string said = tellable(openai_error_message(body), provider);
  Error error;
  error.detail = "the provider answered " + std::to_string(head.status);
  error.details_json = "{\"upstream_status\":" + std::to_string(head.status) + "}";
  if (const auto code = code_of_request_fault(head.status)) {
    error.code = *code;
    error.message = said.empty() ? "The provider refused the request. Check it and send it again."
                                 : "The provider refused the request: " + said;
    return error;
  }
  const bool timed_out = head.status == 408 || head.status == 504;
  error.code = timed_out ? ErrorCode::kProviderTimeout : ErrorCode::kProviderError;
  error.retry_after = retry_after(head.retry_after, now);
  error.message = head.status == 429
                      ? "The provider is at its own rate limit. Try again later."
                      : "The provider answered with an error. Try again later, or tell the "
                        "gateway's operator.";
  return error;
}

}  // namespace tollgate
