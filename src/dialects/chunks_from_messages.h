// A streamed message of Anthropic's dialect, said as chat completion chunks: for a client of
// /v1/chat/completions (platform.openai.com/docs/api-reference/chat-streaming). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/client_stream.h"
#include "dialects/json_tree.h"
#include "dialects/message_reader.h"
#include "dialects/openai_chunk.h"

namespace tollgate {

// Of one answer, as much is kept until it can be said whole: thinking with its signature. Of more
// than this, the client gets the reasoning_content only.
inline constexpr std::size_t kKeptBytesMax = 4 * 1024 * 1024;

struct ToChunks {
  std::string_view public_model;
  std::int64_t created = 0;  // Unix seconds
  UsageWish usage = UsageWish::kHidden;
};

// A chunk with the role first; then, delta by delta, `content`, `reasoning_content` and
// `tool_calls` with the calls' places; when a block of thinking ends, `thinking_blocks` with the
// whole of it and its signature, at its place among them; then the finish_reason. Usage, if it is
// asked for, and [DONE] come with the ending.
class ChunksFromMessages final : public ClientStream {
 public:
  explicit ChunksFromMessages(const ToChunks& to);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  void append_ending(std::string& out, const StreamEnding& ending) override;

 private:
  enum class BlockKind : std::uint8_t { kText, kThinking, kTool, kOther };
  struct Block {
    std::int64_t index = 0;
    BlockKind kind = BlockKind::kOther;
    std::int64_t place = 0;  // among the tool calls, or the blocks of thinking
    std::string thinking;    // raw, as are the others
    std::string signature;
    std::string input;  // a tool's arguments, where its start has them
    bool has_arguments = false;
  };

  void begin_block(std::string& out, std::int64_t index, JsonNode block);
  void continue_block(std::string& out, std::int64_t index, JsonNode delta);
  void end_block(std::string& out, std::int64_t index);
  void add_thinking(std::string& out, Block& block, JsonNode text);
  void keep(std::string& what, std::string_view raw);
  void append_arguments(std::string& out, Block& block, std::string_view raw);
  // A chunk with a delta and, quoted, a finish_reason or null.
  void append_chunk(std::string& out, std::string_view delta_json,
                    std::string_view finish_json = "null") const;

  UsageWish wish_;
  std::int64_t created_;
  std::string model_json_;
  std::string id_json_ = R"("")";
  MessageReader reader_;
  std::string_view payload_;
  JsonTree tree_;
  std::vector<Block> open_;
  std::int64_t tools_ = 0;
  std::int64_t thoughts_ = 0;
  std::size_t kept_bytes_ = 0;
  bool relayed_ = false;   // the client has seen the role
  bool finished_ = false;  // and the finish_reason
};

}  // namespace tollgate
