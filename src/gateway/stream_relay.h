// StreamRelay: the pure middle of a streamed answer: provider's bytes in, client's bytes out, with
// everything counted on the way. The chunk that only says the usage and the end are held back, to
// go out after the commit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/openai_answer.h"
#include "dialects/openai_chunk.h"
#include "net/sse.h"

namespace tollgate {

class StreamRelay {
 public:
  // `public_model` is what the client sees in every chunk.
  StreamRelay(CompletionKind kind, std::string_view public_model, UsageWish usage);

  // Appends what the client is to see of these bytes to out(). kProviderError for what is no stream
  // of chunks, and for an error event.
  Status take(std::string_view bytes);

  // To be sent and then cleared by the caller.
  std::string& out() { return out_; }
  bool done() const { return done_; }                        // [DONE] was seen
  bool finished() const { return done_ || finish_reason_; }  // nothing of the answer is missing
  const ContentCount& content() const { return content_; }
  const ReportedUsage& usage() const { return usage_; }

  // The end: the usage chunk if the client asked for it, and [DONE]. `cost` in USD.
  std::string ending(const TokenUsage& tokens, std::string_view cost);

 private:
  void take_chunk(std::string_view payload, const OpenAiChunk& chunk);

  CompletionKind kind_;
  std::string model_json_;
  UsageWish wish_;
  net::SseReader reader_;
  std::string out_;
  ContentCount content_;
  ReportedUsage usage_;
  std::string usage_payload_;  // the held usage chunk
  std::string id_json_;
  std::int64_t created_ = 0;
  bool usage_shown_ = false;
  bool finish_reason_ = false;
  bool done_ = false;
};

}  // namespace tollgate
