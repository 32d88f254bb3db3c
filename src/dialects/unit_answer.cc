#include "dialects/unit_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/json.h"
#include "dialects/json_cursor.h"
#include "dialects/json_text.h"
#include "dialects/openai_answer.h"
#include "dialects/splice.h"
#include "dialects/unreadable.h"
#include "domain/metering.h"

namespace tollgate {
namespace {

// A number of seconds in milliseconds, or of anything else in thousandths, rounded up. No floating
// point: money is worked out of it.
std::optional<std::int64_t> thousandths_of(std::string_view number) {
  constexpr std::int64_t kWholeMax = 10'000'000;
  std::int64_t whole = 0;
  std::size_t at = 0;
  const auto digit = [&] { return at < number.size() && number[at] >= '0' && number[at] <= '9'; };
  if (!digit()) return std::nullopt;
  for (; digit(); ++at) {
    whole = whole * 10 + (number[at] - '0');
    if (whole > kWholeMax) return std::nullopt;
  }
  std::int64_t part = 0;
  bool more = false;
  if (at < number.size() && number[at] == '.') {
    std::int64_t weight = 100;
    for (++at; digit(); ++at, weight /= 10) {
      part += (number[at] - '0') * weight;
      more |= weight == 0 && number[at] != '0';
    }
  }
  if (at != number.size()) return std::nullopt;  // an exponent, a unit
  return whole * 1'000 + part + (more ? 1 : 0);
}

std::optional<std::int64_t> read_seconds(JsonCursor& cursor, std::string_view text) {
  if (cursor.kind() == JsonKind::kString) return thousandths_of(cursor.string().text);
  const bool number = cursor.kind() == JsonKind::kNumber;
  const std::string_view raw = cursor.skip().in(text);
  return number ? thousandths_of(raw) : std::nullopt;
}

class UsageReader {
 public:
  UsageReader(JsonCursor& cursor, std::string_view text) : cursor_(cursor), text_(text) {}

  UnitUsage read() {
    UnitUsage usage;
    if (cursor_.kind() != JsonKind::kObject) {
      if (cursor_.kind() != JsonKind::kNull) usage.tokens.state = UsageState::kInvalid;
      cursor_.skip();
      return usage;
    }
    JsonCursor::Member member;
    for (cursor_.open_object(); cursor_.next_member(member);) read_member(member);
    usage.audio_ms = audio_ms_;
    if (!input_ && !output_ && !total_) {
      if (!audio_ms_) usage.tokens.state = UsageState::kInvalid;
      return usage;
    }
    tokens_.output = output_.value_or(0);
    tokens_.input = input_.value_or(total_.value_or(0) - tokens_.output);
    usage.tokens.tokens = tokens_;
    // No request is without input: a provider that says so does not count.
    const bool sound = !broken_ && tokens_.input > 0 && believable(tokens_, {});
    usage.tokens.state = sound ? UsageState::kReported : UsageState::kInvalid;
    return usage;
  }

 private:
  void read_member(const JsonCursor::Member& member) {
    const RawString& name = member.name;
    if (name.is("prompt_tokens") || name.is("input_tokens")) {
      input_ = count();
    } else if (name.is("completion_tokens") || name.is("output_tokens")) {
      output_ = count();
    } else if (name.is("total_tokens")) {
      total_ = count();
    } else if (name.is("seconds")) {
      audio_ms_ = read_seconds(cursor_, text_);
    } else if (name.is("input_tokens_details") || name.is("input_token_details") ||
               name.is("prompt_tokens_details")) {
      read_details();
    } else {
      cursor_.skip();
    }
  }

  void read_details() {
    if (cursor_.kind() != JsonKind::kObject) {
      cursor_.skip();
      return;
    }
    JsonCursor::Member member;
    for (cursor_.open_object(); cursor_.next_member(member);) {
      if (member.name.is("image_tokens")) {
        tokens_.image_input = count().value_or(0);
      } else if (member.name.is("audio_tokens")) {
        tokens_.audio_input = count().value_or(0);
      } else if (member.name.is("cached_tokens")) {
        tokens_.cached_input = count().value_or(0);
      } else {
        cursor_.skip();
      }
    }
  }

  std::optional<std::int64_t> count() {
    if (cursor_.kind() == JsonKind::kNull) {
      cursor_.skip();
      return std::nullopt;
    }
    std::optional<std::int64_t> value;
    if (cursor_.kind() == JsonKind::kNumber) {
      value = cursor_.integer();
    } else {
      cursor_.skip();
    }
    broken_ |= !value;
    return value;
  }

  JsonCursor& cursor_;
  std::string_view text_;
  TokenUsage tokens_;
  std::optional<std::int64_t> input_;
  std::optional<std::int64_t> output_;
  std::optional<std::int64_t> total_;
  std::optional<std::int64_t> audio_ms_;
  bool broken_ = false;
};

std::int64_t count_elements(JsonCursor& cursor) {
  std::int64_t count = 0;
  for (cursor.open_array(); cursor.next_element(); ++count) cursor.skip();
  return count;
}

ContentCount content_of(const RawString& text) {
  const auto bytes = static_cast<std::int64_t>(text.decoded_length());
  return {.deltas = bytes, .text_bytes = bytes};
}

bool answers_with(CompletionKind kind, const RawString& name) {
  switch (kind) {
    case CompletionKind::kModerations:
      return name.is("results");
    case CompletionKind::kRerank:
      return name.is("results") || name.is("data");
    case CompletionKind::kTranscription:
      return name.is("text");
    default:
      return name.is("data");
  }
}

class AnswerReader {
 public:
  AnswerReader(CompletionKind kind, std::string_view body)
      : kind_(kind), body_(body), cursor_(body, kRequestDepthMax) {}

  Result<UnitAnswer> read() {
    if (cursor_.kind() != JsonKind::kObject) {
      return unreadable_answer("not a JSON object: " + cursor_.problem());
    }
    JsonCursor::Member member;
    for (cursor_.open_object(); cursor_.next_member(member);) {
      if (auto status = read_member(member); !status) return std::unexpected(status.error());
    }
    if (!cursor_.finish()) return unreadable_answer(cursor_.problem());
    if (!whole_) return unreadable_answer("what was asked for is missing");
    if (!answer_.usage.audio_ms) answer_.usage.audio_ms = duration_;
    return std::move(answer_);
  }

 private:
  Status read_member(const JsonCursor::Member& member) {
    const RawString& name = member.name;
    if (answers_with(kind_, name)) return read_answer();
    if (name.is("usage")) {
      if (std::exchange(has_usage_, true)) return unreadable_answer("usage stands twice");
      answer_.usage = UsageReader(cursor_, body_).read();
    } else if (name.is("meta") && kind_ == CompletionKind::kRerank) {
      read_meta();
    } else if (name.is("duration") && kind_ == CompletionKind::kTranscription) {
      duration_ = read_seconds(cursor_, body_);
    } else if (name.is("model")) {
      if (answer_.model_value) return unreadable_answer("model stands twice");
      answer_.model_value = cursor_.skip();
    } else if (name.is("error") && cursor_.kind() != JsonKind::kNull) {
      return unreadable_answer("it is an error: " + openai_error_message(body_));
    } else {
      cursor_.skip();
    }
    return {};
  }

  Status read_answer() {
    if (kind_ == CompletionKind::kTranscription) {
      if (cursor_.kind() != JsonKind::kString)
        return unreadable_answer("a transcript is no string");
      answer_.content = content_of(cursor_.string());
    } else {
      if (cursor_.kind() != JsonKind::kArray)
        return unreadable_answer("what was asked for is no array");
      const std::int64_t count = count_elements(cursor_);
      if (kind_ == CompletionKind::kImages) answer_.images = count;
    }
    whole_ = true;
    return {};
  }

  // Cohere's: {"tokens": {"input_tokens", "output_tokens"}, "billed_units": {…}}.
  void read_meta() {
    if (cursor_.kind() != JsonKind::kObject) {
      cursor_.skip();
      return;
    }
    JsonCursor::Member member;
    for (cursor_.open_object(); cursor_.next_member(member);) {
      if (member.name.is("tokens") && !std::exchange(has_usage_, true)) {
        answer_.usage = UsageReader(cursor_, body_).read();
      } else if (member.name.is("billed_units") && cursor_.kind() == JsonKind::kObject) {
        read_billed_units();
      } else {
        cursor_.skip();
      }
    }
  }

  // {"search_units": 2}, which some write as 2.0.
  void read_billed_units() {
    JsonCursor::Member member;
    for (cursor_.open_object(); cursor_.next_member(member);) {
      if (!member.name.is("search_units") || cursor_.kind() != JsonKind::kNumber) {
        cursor_.skip();
        continue;
      }
      const auto thousandths = thousandths_of(cursor_.skip().in(body_));
      // No search is without one: a provider that says so does not count.
      if (thousandths && *thousandths > 0) answer_.searches = (*thousandths + 999) / 1'000;
    }
  }

  CompletionKind kind_;
  std::string_view body_;
  JsonCursor cursor_;
  UnitAnswer answer_;
  std::optional<std::int64_t> duration_;
  bool has_usage_ = false;
  bool whole_ = false;
};

bool ends_stream(std::string_view type) {
  return type.ends_with(".done") || type.ends_with(".completed");
}

// Not what was asked for decides how an answer is read, but what came: usage stands in it.
bool is_json_object(std::string_view body) {
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject) return false;
  cursor.skip();
  return cursor.finish();
}

}  // namespace

Result<UnitAnswer> read_unit_answer(const ChatRequest& request, std::string_view body) {
  if (request.form == AnswerForm::kJson || is_json_object(body))
    return AnswerReader(request.kind, body).read();
  UnitAnswer answer;
  const auto bytes = static_cast<std::int64_t>(body.size());
  answer.content = {.deltas = bytes, .text_bytes = bytes};
  return answer;
}

std::string client_unit_answer(std::string_view body, const UnitAnswer& answer,
                               std::string_view public_model) {
  if (!answer.model_value) return std::string(body);
  SplicedBody out(body);
  out.replace(*answer.model_value, json_string(public_model));
  return out.text();
}

Result<UnitEvent> read_unit_event(std::string_view data) {
  UnitEvent event;
  if (data == "[DONE]") {
    event.last = true;
    return event;
  }
  JsonCursor cursor(data, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject)
    return unreadable_answer("not a JSON object: " + cursor.problem());
  bool text_delta = false;
  std::optional<ContentCount> delta;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("type") && cursor.kind() == JsonKind::kString) {
      const std::string type = cursor.string().decoded();
      event.last = ends_stream(type);
      event.error |= type == "error";
      text_delta = type.ends_with("text.delta");
    } else if (member.name.is("delta") && cursor.kind() == JsonKind::kString) {
      delta = content_of(cursor.string());
    } else if (member.name.is("usage")) {
      event.usage = UsageReader(cursor, data).read();
    } else if (member.name.is("error")) {
      event.error |= cursor.kind() != JsonKind::kNull;
      cursor.skip();
    } else {
      cursor.skip();
    }
  }
  if (!cursor.finish()) return unreadable_answer(cursor.problem());
  if (text_delta && delta) event.content = {.deltas = 1, .text_bytes = delta->text_bytes};
  return event;
}

std::optional<ReportedUsage> read_unit_usage_member(std::string_view member) {
  const std::string whole = fmt::format("{{{}}}", member);
  JsonCursor cursor(whole, kRequestDepthMax);
  std::optional<ReportedUsage> usage;
  JsonCursor::Member read;
  for (cursor.open_object(); cursor.next_member(read);) {
    usage = UsageReader(cursor, whole).read().tokens;
  }
  if (!cursor.finish()) return std::nullopt;
  return usage;
}

}  // namespace tollgate
