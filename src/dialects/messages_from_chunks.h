// Chat completion chunks, said as a streamed message of Anthropic's dialect: for a client of
// /v1/messages (platform.claude.com/docs/en/build-with-claude/streaming). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/client_stream.h"
#include "dialects/json_tree.h"

namespace tollgate {

// message_start with the first chunk; then blocks one after another, each begun, filled and ended
// before the next: thinking from `reasoning_content` (or `reasoning`), text from `content` and
// refusals, tool_use from `tool_calls`. Of several choices the first counts. The end of the last
// block, message_delta with the usage and message_stop come with the ending.
//
// kProviderError, beside what read_openai_chunk() refuses: a call that begins without a name, and a
// piece of one that has ended.
class MessagesFromChunks final : public ClientStream {
 public:
  explicit MessagesFromChunks(std::string_view public_model);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  void append_ending(std::string& out, const StreamEnding& ending) override;

 private:
  enum class Open : std::uint8_t { kNothing, kText, kThinking, kTool };
  enum class Ending : std::uint8_t { kUnknown, kEndTurn, kMaxTokens, kToolUse, kRefusal };
  // How far the message has come; as read, and as the client has seen it.
  struct Progress {
    bool started = false;
    bool any_tool = false;
    Open open = Open::kNothing;
    Ending ending = Ending::kUnknown;
    std::int64_t next_block = 0;  // the open one is the one before
    std::int64_t tool = -1;       // the provider's place of the last call
  };

  Status read_delta(JsonNode delta);
  Status read_call(JsonNode call);
  void add_text(Open kind, std::string_view raw);
  void begin(Open kind);
  void close();
  static std::string_view stop_reason(const Progress& progress);

  std::string model_json_;
  std::string id_json_ = R"("")";
  JsonTree tree_;
  Progress read_;
  Progress seen_;
  std::string pending_;  // what the event read last is to the client
};

}  // namespace tollgate
