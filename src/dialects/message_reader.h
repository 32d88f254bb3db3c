// Reads a streamed message event by event and holds it to its order, for whichever client it is
// relayed to (message_stream.h, chunks_from_messages.h). Pure; one object per stream.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialects/anthropic_event.h"
#include "dialects/client_stream.h"

namespace tollgate {

// Blocks come one after another; more open at once than this are no answer.
inline constexpr std::size_t kOpenBlocksMax = 256;

// Takes an index out, if it is there.
void close_block(std::vector<std::int64_t>& open, std::int64_t index);

class MessageReader {
 public:
  // kProviderError for what is no event (read_anthropic_event), and for one out of order: something
  // before message_start or behind message_stop, a second message_start, a delta or a stop of a
  // block that is not open, a start of one that is. Pings, errors and new kinds may come anywhere.
  //
  // The usage at the end is invalid where only message_start has said one.
  Result<StreamFacts> read(std::string_view payload);

  // The event read last; its views point into its payload.
  const AnthropicEvent& event() const { return event_; }

 private:
  std::string_view step();
  std::string_view step_block();
  StreamFacts facts() const;

  AnthropicEvent event_;
  AnthropicUsage usage_;
  bool final_usage_ = false;  // some message_delta said it
  bool started_ = false;
  bool stopped_ = false;
  std::vector<std::int64_t> open_;
};

}  // namespace tollgate
