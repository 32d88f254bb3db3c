// A streamed message between two ends of Anthropic's dialect: the events go on as the bytes they
// came as, with the public model in message_start and the cost in the last usage.
//
// The end is held back: message_delta, with the usage, and message_stop go out after the commit. A
// message_delta that another one follows goes out then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/anthropic_event.h"
#include "dialects/client_stream.h"

namespace tollgate {

// Blocks come one after another; more open at once than this are no answer.
inline constexpr std::size_t kOpenBlocksMax = 256;

// Whether the events of a streamed message come in an order that makes one, and which blocks are
// open.
class MessageOrder {
 public:
  // Empty, or what is wrong: something before message_start or behind message_stop, a second
  // message_start, a delta or a stop of a block that is not open, a start of one that is.
  std::string_view step(const AnthropicEvent& event);

  bool started() const { return started_; }
  const std::vector<std::int64_t>& open_blocks() const { return open_; }

 private:
  std::string_view step_block(const AnthropicEvent& event);

  bool started_ = false;
  bool stopped_ = false;
  std::vector<std::int64_t> open_;
};

class MessageStream final : public ClientStream {
 public:
  explicit MessageStream(std::string_view public_model);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  void append_ending(std::string& out, const StreamEnding& ending) override;

 private:
  void append_held(std::string& out, const StreamEnding& ending);

  std::string model_json_;
  MessageOrder order_;
  AnthropicUsage usage_;
  bool final_usage_ = false;  // some message_delta said it
  // The event read last.
  AnthropicEvent event_;
  std::string_view payload_;
  bool relayed_start_ = false;
  std::vector<std::int64_t> relayed_open_;  // blocks that the client saw begin and not end
  std::string held_;                        // a message_delta's payload
  std::optional<ByteRange> held_usage_;
};

// The facts of an event, for whichever client.
StreamFacts facts_of(const AnthropicEvent& event, const AnthropicUsage& usage, bool final_usage);

}  // namespace tollgate
