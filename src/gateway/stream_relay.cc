#include "gateway/stream_relay.h"

#include <algorithm>

#include "base/json.h"

namespace tollgate {

StreamRelay::StreamRelay(const StreamTerms& terms)
    : kind_(terms.kind),
      model_json_(json_string(terms.public_model)),
      wish_(terms.usage),
      output_max_(terms.output_max),
      answers_(std::min(terms.answers, kEndedChoicesMax)) {}

Status StreamRelay::take(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    const Result<std::optional<net::SseEvent>> event = reader_.next();
    if (!event) return std::unexpected(event.error());
    if (!*event) return {};
    if (done_ || bounded_) continue;  // nothing counts behind the end
    const std::string_view payload = (*event)->data;
    const Result<OpenAiChunk> chunk = read_openai_chunk(payload);
    if (!chunk) return std::unexpected(chunk.error());
    if (chunk->error) {
      return fail(ErrorCode::kProviderError,
                  "The provider ended the answer with an error. Try again later.",
                  "an error event in the stream");
    }
    if (chunk->done) {
      done_ = true;
    } else {
      take_chunk(payload, *chunk);
    }
  }
}

// Rule 4's count: the provider's running usage, and what came since by the count of the content
// itself. A running usage that cannot be true is none.
void StreamRelay::count(const OpenAiChunk& chunk) {
  content_.add(chunk.content);
  unreported_.add(chunk.content);
  if (chunk.usage.state == UsageState::kAbsent) return;
  usage_ = chunk.usage;
  if (!believable_usage(usage_, content_)) return;
  reported_output_ = usage_.tokens.output;
  unreported_ = {};
}

// What only says the usage or that a choice has ended brings no more output.
bool StreamRelay::goes_past_bound(const OpenAiChunk& chunk) const {
  if (!output_max_ || (chunk.finish_reason && chunk.content.deltas == 0)) return false;
  const std::int64_t counted = counted_output(unreported_.deltas, unreported_.text_bytes);
  return counted > *output_max_ - reported_output_;
}

void StreamRelay::take_chunk(std::string_view payload, const OpenAiChunk& chunk) {
  if (id_json_.empty()) id_json_ = chunk.id_json;
  if (created_ == 0) created_ = chunk.created.value_or(0);
  count(chunk);
  if (chunk.usage_only()) {
    usage_payload_ = payload;
    return;
  }
  if (chunk.usage.state != UsageState::kAbsent) usage_payload_.clear();
  if (goes_past_bound(chunk)) {
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
