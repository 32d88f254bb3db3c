// ClientStream: a streamed answer on its way from a provider to a client, event by event, whatever
// the two dialects are. An implementation for each pair that needs more than OpenAI's own path
// (openai_chunk.h): message_stream.h, chunks_from_messages.h, messages_from_chunks.h.
//
//   for each event's payload (its data lines, joined):
//     facts = stream.read(payload)     counted and checked against the bound by the caller;
//     stream.append(out)               what the client is to see of it, unless the bound is passed
//   settle, then
//     stream.append_ending(out, …)     the end, with the usage and what it cost
//
// Pure; one object per stream, on its thread. Nothing of a stream that a provider may send makes it
// fail in another way than by kProviderError, and what it keeps of a stream is bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/reported_usage.h"

namespace tollgate {

// What one event says.
struct StreamFacts {
  bool done = false;           // the provider's end of the stream
  bool error = false;          // an error event: openai_error_message(payload) tells
  bool finish_reason = false;  // nothing of the answer is missing, should the stream break off now
  ContentCount content;
  ReportedUsage usage;  // up to here; kAbsent where the event says nothing of it
  // The usage was said before any content: its output is the beginning of what is still to come,
  // and not to be added to the count of that.
  bool opening_usage = false;
};

enum class StreamEnd {
  kWhole,    // the provider's own
  kBounded,  // ours, at the request's output bound (SPEC §5, rule 4)
};

struct StreamEnding {
  StreamEnd end = StreamEnd::kWhole;
  TokenUsage tokens = {};  // as charged
  std::string_view cost;   // in USD
};

class ClientStream {
 public:
  virtual ~ClientStream() = default;

  // kProviderError for what is no event of the provider's dialect, or stands where it may not.
  virtual Result<StreamFacts> read(std::string_view payload) = 0;
  // Whole SSE events, or nothing: some are held until the ending. REQUIRES: the payload read last
  // is still there, and was no error.
  virtual void append(std::string& out) = 0;
  // The number of the event that would follow what was appended, where the dialect numbers them.
  virtual std::int64_t next_number() const { return 0; }
  // Closes what is open and ends the stream; at the bound with the dialect's words for it.
  virtual void append_ending(std::string& out, const StreamEnding& ending) = 0;
};

}  // namespace tollgate
