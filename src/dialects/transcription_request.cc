#include "dialects/transcription_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "dialects/multipart.h"
#include "dialects/request_members.h"
#include "dialects/seen_members.h"

namespace tollgate {
namespace {

// What a length is guessed by: 32 kbit/s, at which speech is commonly coded.
constexpr std::int64_t kBytesPerMs = 4;
constexpr std::int64_t kAudioMsMin = 1'000;
// A recording that stands elsewhere is taken for as long as the largest that could have been sent.
constexpr std::int64_t kElsewhereMs = 32 * 1024 * 1024 / kBytesPerMs;
// Audio in OpenAI's models: ten tokens a second go in (platform.openai.com/docs/guides/audio).
constexpr std::int64_t kMsPerToken = 100;

enum class Field : std::uint8_t {
  kModel,
  kRoute,
  kStream,
  kResponseFormat,
  kFile,
  kUrl,
  kModels,
  kFallbacks,
  kServiceTier,
  kOther
};
constexpr std::array<std::string_view, 9> kFields = {
    "model", "route",  "stream",    "response_format", "file",
    "url",   "models", "fallbacks", "service_tier"};

// Names that some readers take for another: model[] and model.0 for model.
std::string_view stem_of(std::string_view name) { return name.substr(0, name.find_first_of("[.")); }

// A charset in which bytes of ASCII mean themselves; in all of them, those of UTF-8 alone mean what
// we read.
bool is_read_alike(std::string_view charset, std::string_view content) {
  if (charset.empty() || is_charset(charset, "utf-8")) return true;
  return (is_charset(charset, "us-ascii") || is_charset(charset, "iso-8859-1")) &&
         std::ranges::all_of(content, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Field field_of(std::string_view name) {
  return static_cast<Field>(std::ranges::find(kFields, name) - kFields.begin());
}

Status read_route_part(const FormPart& part, std::string_view body, ChatRequest& request) {
  Result<RouteRequest> read = read_route_request(part.content.in(body));
  if (!read) {
    Error error = std::move(read.error());
    if (!error.param) error.param = "route";
    return std::unexpected(std::move(error));
  }
  request.route = *std::move(read);
  request.route_member = part.whole;
  return {};
}

AnswerForm form_of(std::string_view response_format) {
  return response_format.ends_with("json") ? AnswerForm::kJson : AnswerForm::kText;
}

class TranscriptionReader {
 public:
  explicit TranscriptionReader(std::string_view body) : body_(body) {
    request_.kind = CompletionKind::kTranscription;
  }

  Result<ChatRequest> read(std::string_view boundary) {
    auto parts = read_form(body_, boundary);
    if (!parts) return std::unexpected(std::move(parts.error()));
    for (const FormPart& part : *parts) {
      if (Status status = read_part(part); !status) return std::unexpected(status.error());
    }
    if (!has(Field::kModel)) return model_missing();
    if (!has(Field::kFile) && !has(Field::kUrl)) {
      return wrong_type("file", "there: the recording");
    }
    finish_needs();
    return std::move(request_);
  }

 private:
  bool has(Field field) const { return seen_.has(static_cast<unsigned>(field)); }

  Status read_part(const FormPart& part) {
    const Field field = field_of(part.name);
    // Other models, and other prices, for a provider that is a gateway itself.
    if (field == Field::kModels || field == Field::kFallbacks || field == Field::kServiceTier) {
      return not_passed_on(part.name, field == Field::kServiceTier ? "" : kOwnFallback);
    }
    if (field == Field::kOther) {
      // RFC 7578 §4.6 has it name the charset of all the others.
      if (part.name == "_charset_") return wrong_type(part.name, "left out: a form is UTF-8");
      const std::string_view stem = stem_of(part.name);
      if (field_of(stem) != Field::kOther) {
        return wrong_type(part.name, fmt::format("named '{}', as it is one field", stem));
      }
      if (part.file) media_bytes_ += static_cast<std::int64_t>(part.content.length);
      return {};
    }
    if (!seen_.first(static_cast<unsigned>(field))) return repeated_member(std::string(part.name));
    if (field == Field::kFile) {
      media_bytes_ += static_cast<std::int64_t>(part.content.length);
      return {};
    }
    if (part.file) return wrong_type(part.name, "a field, and no file");
    const std::string_view value = part.content.in(body_);
    if (!is_read_alike(part.charset, value)) return wrong_type(part.name, "in UTF-8");
    switch (field) {
      case Field::kModel:
        request_.model_value = part.content;
        return set_model(value, request_);
      case Field::kRoute:
        return read_route_part(part, body_, request_);
      case Field::kStream:
        request_.stream = value == "true" || value == "True" || value == "1";
        return {};
      case Field::kResponseFormat:
        request_.form = form_of(value);
        return {};
      default:
        return {};
    }
  }

  void finish_needs() {
    RequestNeeds& needs = request_.needs;
    needs.text_bytes = static_cast<std::int64_t>(body_.size()) - media_bytes_;
    needs.whole_window = true;
    needs.audio_input = true;
    needs.output = OutputBound::kByOffer;
    needs.units.audio_ms =
        has(Field::kUrl) ? kElsewhereMs : std::max(media_bytes_ / kBytesPerMs, kAudioMsMin);
    needs.guessed_audio_input = needs.units.audio_ms / kMsPerToken;
  }

  std::string_view body_;
  ChatRequest request_;
  SeenMembers seen_;
  std::int64_t media_bytes_ = 0;
};

}  // namespace

Result<ChatRequest> read_transcription_request(std::string_view body,
                                               std::string_view content_type) {
  const auto boundary = form_boundary(content_type);
  if (!boundary) return std::unexpected(boundary.error());
  return TranscriptionReader(body).read(*boundary);
}

}  // namespace tollgate
