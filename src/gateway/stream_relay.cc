#include "gateway/stream_relay.h"

#include "base/json.h"

namespace tollgate {

StreamRelay::StreamRelay(CompletionKind kind, std::string_view public_model, UsageWish usage)
    : kind_(kind), model_json_(json_string(public_model)), wish_(usage) {}

Status StreamRelay::take(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    const Result<std::optional<net::SseEvent>> event = reader_.next();
    if (!event) return std::unexpected(event.error());
    if (!*event) return {};
    if (done_) continue;  // nothing counts behind the end
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

void StreamRelay::take_chunk(std::string_view payload, const OpenAiChunk& chunk) {
  content_.add(chunk.content);
  finish_reason_ = finish_reason_ || chunk.finish_reason;
  if (id_json_.empty()) id_json_ = chunk.id_json;
  if (created_ == 0) created_ = chunk.created.value_or(0);
  if (chunk.usage.state != UsageState::kAbsent) usage_ = chunk.usage;
  if (chunk.usage_only()) {
    usage_payload_ = payload;
    return;
  }
  if (chunk.usage.state != UsageState::kAbsent && wish_ == UsageWish::kAsked) usage_shown_ = true;
  out_ += "data: ";
  append_client_chunk(out_, payload, chunk, {.model_json = model_json_, .usage = wish_});
  out_ += "\n\n";
}

std::string StreamRelay::ending(const TokenUsage& tokens, std::string_view cost) {
  std::string end;
  if (wish_ == UsageWish::kAsked && !usage_shown_) {
    std::string extra = "\"cost\":";
    append_json_string(extra, cost);
    end += "data: ";
    const Result<OpenAiChunk> held = read_openai_chunk(usage_payload_);
    if (held && held->usage_only() && held->usage.state == UsageState::kReported) {
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
