#include "gateway/stream_relay.h"

#include <algorithm>

#include "base/json.h"
#include "dialects/chunks_from_messages.h"
#include "dialects/message_stream.h"
#include "dialects/messages_from_chunks.h"
#include "dialects/response_from_chunks.h"
#include "dialects/response_stream.h"

namespace tollgate {

namespace {

// Of a streamed response some events say all of it again, and the request's settings.
constexpr std::size_t kResponseEventBytesMax = 8 * 1024 * 1024;

std::unique_ptr<ClientStream> response_of(const StreamTerms& terms) {
  if (terms.provider == AnswerDialect::kResponses) {
    return std::make_unique<ResponseStream>(terms.public_model);
  }
  const ResponseTerms response{.id = terms.answer_id,
                               .public_model = terms.public_model,
                               .created = terms.now_seconds,
                               .request = terms.request};
  if (terms.provider == AnswerDialect::kAnthropic) {
    return std::make_unique<ResponseFromMessages>(response);
  }
  return std::make_unique<ResponseFromChunks>(response);
}

std::unique_ptr<ClientStream> translation_of(const StreamTerms& terms) {
  const bool from_anthropic = terms.provider == AnswerDialect::kAnthropic;
  if (terms.kind == CompletionKind::kResponses) return response_of(terms);
  if (!is_anthropic(terms.kind)) {
    if (!from_anthropic) return nullptr;
    return std::make_unique<ChunksFromMessages>(ToChunks{
        .public_model = terms.public_model, .created = terms.now_seconds, .usage = terms.usage});
  }
  if (from_anthropic) return std::make_unique<MessageStream>(terms.public_model);
  return std::make_unique<MessagesFromChunks>(terms.public_model);
}

Error error_event() {
  return {.code = ErrorCode::kProviderError,
          .message = "The provider ended the answer with an error. Try again later.",
          .detail = "an error event in the stream"};
}

}  // namespace

StreamRelay::StreamRelay(const StreamTerms& terms)
    : kind_(terms.kind),
      translation_(translation_of(terms)),
      model_json_(json_string(terms.public_model)),
      wish_(terms.usage),
      output_max_(terms.output_max),
      answers_(std::min(terms.answers, kEndedChoicesMax)),
      reader_(terms.provider == AnswerDialect::kResponses ? kResponseEventBytesMax
                                                          : net::kSseEventBytesMax) {}

Status StreamRelay::take(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    const Result<std::optional<net::SseEvent>> event = reader_.next();
    if (!event) return std::unexpected(event.error());
    if (!*event) return {};
    if (done_ || bounded_) continue;  // nothing counts behind the end
    const std::string_view payload = (*event)->data;
    Status taken = translation_ == nullptr ? take_payload(payload) : take_translated(payload);
    if (!taken) return taken;
  }
}

Status StreamRelay::take_payload(std::string_view payload) {
  const Result<OpenAiChunk> chunk = read_openai_chunk(payload);
  if (!chunk) return std::unexpected(chunk.error());
  if (chunk->error) return std::unexpected(error_event());
  if (chunk->done) {
    done_ = true;
  } else {
    take_chunk(payload, *chunk);
  }
  return {};
}

Status StreamRelay::take_translated(std::string_view payload) {
  const Result<StreamFacts> facts = translation_->read(payload);
  if (!facts) return std::unexpected(facts.error());
  const std::int64_t before = reported_output_;
  count(facts->content, facts->usage);
  if (facts->error) return std::unexpected(error_event());
  if (facts->opening_usage) reported_output_ = before;
  if (facts->finish_reason) finish_reason_ = true;
  if (facts->done) done_ = true;
  if (facts->content.deltas > 0 && goes_past_bound()) {
    bounded_ = true;
    return {};
  }
  translation_->append(out_);
  return {};
}

// Rule 4's count: the provider's running usage, and what came since by the count of the content
// itself. A running usage that cannot be true is none.
void StreamRelay::count(const ContentCount& content, const ReportedUsage& usage) {
  content_.add(content);
  unreported_.add(content);
  if (usage.state == UsageState::kAbsent) return;
  usage_ = usage;
  if (!believable_usage(usage_, content_)) return;
  reported_output_ = usage_.tokens.output;
  unreported_ = {};
}

bool StreamRelay::goes_past_bound() const {
  if (!output_max_) return false;
  const std::int64_t counted = counted_output(unreported_.deltas, unreported_.text_bytes);
  return counted > *output_max_ - reported_output_;
}

void StreamRelay::take_chunk(std::string_view payload, const OpenAiChunk& chunk) {
  if (id_json_.empty()) id_json_ = chunk.id_json;
  if (created_ == 0) created_ = chunk.created.value_or(0);
  count(chunk.content, chunk.usage);
  if (chunk.usage_only()) {
    usage_payload_ = payload;
    return;
  }
  if (chunk.usage.state != UsageState::kAbsent) usage_payload_.clear();
  // What only says the usage or that a choice has ended brings no more output.
  const bool says_no_more = chunk.finish_reason && chunk.content.deltas == 0;
  if (!says_no_more && goes_past_bound()) {
    bounded_ = true;
    return;
  }
  if (chunk.finish_reason) {
    finish_reason_ = true;
    note_ended(payload);
  }
  relayed_ = true;
  out_ += "data: ";
  append_client_chunk(out_, payload, chunk, {.model_json = model_json_, .usage = wish_});
  out_ += "\n\n";
}

void StreamRelay::note_ended(std::string_view payload) {
  if (!output_max_ || answers_ == 1) return;
  for (const std::int64_t index : ended_choices(payload)) {
    if (ended_.size() < static_cast<std::size_t>(kEndedChoicesMax)) ended_.push_back(index);
  }
}

void StreamRelay::append_lengths(std::string& out) {
  if (answers_ == 1 && finish_reason_) return;
  std::ranges::sort(ended_);
  for (std::int64_t index = 0; index < answers_; ++index) {
    if (std::ranges::binary_search(ended_, index)) continue;
    out += "data: ";
    append_length_chunk(out, {.kind = kind_,
                              .id_json = id_json_,
                              .created = created_,
                              .model_json = model_json_,
                              .index = index,
                              .first = !relayed_});
    out += "\n\n";
  }
}

std::string StreamRelay::ending(const TokenUsage& tokens, std::string_view cost) {
  std::string end;
  if (translation_ != nullptr) {
    translation_->append_ending(end, {.end = bounded_ ? StreamEnd::kBounded : StreamEnd::kWhole,
                                      .tokens = tokens,
                                      .cost = cost});
    return end;
  }
  if (bounded_) append_lengths(end);
  if (wish_ == UsageWish::kAsked) {
    std::string extra = "\"cost\":";
    append_json_string(extra, cost);
    end += "data: ";
    const Result<OpenAiChunk> held = read_openai_chunk(usage_payload_);
    if (!bounded_ && held && held->usage_only() && held->usage.state == UsageState::kReported) {
      append_client_chunk(
          end, usage_payload_, *held,
          {.model_json = model_json_, .usage = UsageWish::kAsked, .usage_extra = extra});
    } else {
      append_usage_chunk(end, {.kind = kind_,
                               .id_json = id_json_,
                               .created = created_,
                               .model_json = model_json_,
                               .tokens = tokens,
                               .usage_extra = extra});
    }
    end += "\n\n";
  }
  end += "data: [DONE]\n\n";
  return end;
}

}  // namespace tollgate
