// Chat completion chunks, said as a streamed response of OpenAI's Responses API: for a client of
// /v1/responses (platform.openai.com/docs/api-reference/responses-streaming). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/chunks_from_messages.h"
#include "dialects/client_stream.h"
#include "dialects/json_tree.h"
#include "dialects/response_events.h"

namespace tollgate {

// Of an answer, as much is kept to be said whole at its end. One that is longer is kProviderError.
inline constexpr std::size_t kKeptAnswerMax = 4 * 1024 * 1024;

// response.created and in_progress with the first chunk; then items one after another, each begun,
// filled and ended before the next: reasoning from `reasoning_content` (or `reasoning`), messages
// from `content` and refusals, function_call from `tool_calls`. Of several choices the first
// counts. The end of the last item and response.completed, or incomplete, with the whole output and
// the usage, come with the ending.
//
// kProviderError, beside what read_openai_chunk() refuses: a call that begins without a name, and a
// piece of one that has ended.
class ResponseFromChunks final : public ClientStream {
 public:
  explicit ResponseFromChunks(const ResponseTerms& terms);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  std::int64_t next_number() const override { return seen_.next_event; }
  void append_ending(std::string& out, const StreamEnding& ending) override;

  // As read(), for one of several chunks that an event of the provider's becomes: what is to be
  // appended is that of all since `begin_event()`.
  void begin_event() { pending_.clear(); }
  Result<StreamFacts> read_next(std::string_view payload);

 private:
  // How far the response has come; as read, and as the client has seen it.
  struct Progress {
    bool started = false;
    bool open = false;  // the last item
    std::string_view incomplete_reason;
    std::size_t items = 0;
    std::size_t text_bytes = 0;  // of the last item
    std::int64_t next_event = 0;
    std::int64_t tool = -1;  // the provider's place of the last call
  };

  void start();
  Status read_delta(JsonNode delta);
  Status read_call(JsonNode call);
  void read_signature(JsonNode blocks);
  void add_text(ResponseItem::Kind kind, std::string_view raw);
  void add_to_last(std::string_view raw);
  void begin(ResponseItem item);
  void close(std::string_view status);
  Progress progress() const;
  void return_to(const Progress& seen);

  ResponseEvents events_;
  JsonTree tree_;
  std::vector<ResponseItem> items_;
  std::size_t kept_bytes_ = 0;
  Progress read_;
  Progress seen_;
  std::string pending_;  // what the event read last is to the client
};

// The same of a streamed message of Anthropic's dialect, by way of the chunks that it becomes.
class ResponseFromMessages final : public ClientStream {
 public:
  explicit ResponseFromMessages(const ResponseTerms& terms);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  std::int64_t next_number() const override { return response_.next_number(); }
  void append_ending(std::string& out, const StreamEnding& ending) override;

 private:
  ChunksFromMessages chunks_;
  ResponseFromChunks response_;
  std::string between_;  // the chunks of the event read last
};

}  // namespace tollgate
