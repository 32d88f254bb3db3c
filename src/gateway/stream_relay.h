// StreamRelay: the pure middle of a streamed answer: provider's bytes in, client's bytes out, with
// everything counted on the way. The chunk that only says the usage and the end are held back, to
// go out after the commit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialects/client_stream.h"
#include "dialects/openai_chunk.h"
#include "net/sse.h"
#include "upstream/encode.h"

namespace tollgate {

// What a stream is to its client.
struct StreamTerms {
  CompletionKind kind = CompletionKind::kChat;
  AnswerDialect provider = AnswerDialect::kOpenAi;  // what it comes in
  std::int64_t now_seconds = 0;                     // Unix time
  std::string_view public_model;                    // what the client sees in every chunk
  UsageWish usage = UsageWish::kHidden;
  // The most output, over all choices, that is relayed; nullopt: all of it.
  std::optional<std::int64_t> output_max = {};
  std::int64_t answers = 1;         // how many choices the client gets
  std::string_view answer_id = {};  // unique, for an answer that gets an id of its own
  std::string_view request = {};    // the client's body
};

// Of a stream that is ended at its bound, no more choices than this are told so.
inline constexpr std::int64_t kEndedChoicesMax = 4'096;

class StreamRelay {
 public:
  explicit StreamRelay(const StreamTerms& terms);

  // Appends what the client is to see of these bytes to out(). kProviderError for what is no stream
  // of chunks, and for an error event. Nothing more of a stream is relayed from the event on that
  // takes its output past the bound (SPEC §5, rule 4): bounded().
  Status take(std::string_view bytes);

  // To be sent and then cleared by the caller.
  std::string& out() { return out_; }
  bool done() const { return done_; }                        // [DONE] was seen
  bool bounded() const { return bounded_; }                  // ended by us
  bool finished() const { return done_ || finish_reason_; }  // nothing of the answer is missing
  // What came, the event that went past the bound included.
  const ContentCount& content() const { return content_; }
  // Of it, what came after the last usage that can be true.
  const ContentCount& unreported() const { return unreported_; }
  const ReportedUsage& usage() const { return usage_; }

  // What an error event that ends the stream here is numbered with.
  std::int64_t next_number() const {
    return translation_ == nullptr ? 0 : translation_->next_number();
  }
  // The end: where we ended it, the last chunk of every open choice; the usage chunk if the client
  // asked for it; and [DONE]. `cost` in USD.
  std::string ending(const TokenUsage& tokens, std::string_view cost);

 private:
  Status take_payload(std::string_view payload);
  Status take_translated(std::string_view payload);
  void take_chunk(std::string_view payload, const OpenAiChunk& chunk);
  void count(const ContentCount& content, const ReportedUsage& usage);
  bool goes_past_bound() const;
  void note_ended(std::string_view payload);
  void append_lengths(std::string& out);

  CompletionKind kind_;
  // Where the client or the provider does not speak OpenAI's dialect.
  std::unique_ptr<ClientStream> translation_;
  std::string model_json_;
  UsageWish wish_;
  std::optional<std::int64_t> output_max_;
  std::int64_t answers_;
  net::SseReader reader_;
  std::string out_;
  ContentCount content_;
  ContentCount unreported_;
  std::int64_t reported_output_ = 0;  // by the last running usage
  ReportedUsage usage_;
  std::string usage_payload_;  // the held usage chunk
  std::string id_json_;
  std::int64_t created_ = 0;
  std::vector<std::int64_t> ended_;  // of several choices, where there is a bound
  bool relayed_ = false;             // the client has seen a chunk
  bool finish_reason_ = false;
  bool bounded_ = false;
  bool done_ = false;
};

}  // namespace tollgate
