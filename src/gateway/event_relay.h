// EventRelay: the pure middle of a stream of events that is no conversation (speech, transcripts):
// they go to the client as they came, what they report is noted, and from the one that ends the
// stream on they are held back, to go out after the commit (SPEC §5, rule 5).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/unit_answer.h"
#include "net/sse.h"

namespace tollgate {

class EventRelay {
 public:
  // Appends what the client is to see of these bytes to out(). kProviderError for what is no stream
  // of events, for an error event, and for more than kSseEventBytesMax behind the last one.
  Status take(std::string_view bytes);

  // To be sent and then cleared by the caller.
  std::string& out() { return out_; }
  bool finished() const { return finished_; }  // the event that ends the stream was seen
  const UnitUsage& usage() const { return usage_; }
  const ContentCount& content() const { return content_; }
  // What is held back.
  const std::string& ending() const { return ending_; }

 private:
  net::SseReader reader_;
  std::string out_;
  std::string ending_;
  UnitUsage usage_;
  ContentCount content_;
  bool finished_ = false;
};

}  // namespace tollgate
