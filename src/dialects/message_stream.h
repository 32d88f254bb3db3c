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

#include "dialects/client_stream.h"
#include "dialects/message_reader.h"

namespace tollgate {

class MessageStream final : public ClientStream {
 public:
  explicit MessageStream(std::string_view public_model);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  void append_ending(std::string& out, const StreamEnding& ending) override;

 private:
  void append_held(std::string& out, const StreamEnding& ending);

  std::string model_json_;
  MessageReader reader_;
  std::string_view payload_;  // of the event read last
  bool relayed_start_ = false;
  std::vector<std::int64_t> relayed_open_;  // blocks that the client saw begin and not end
  std::string held_;                        // a message_delta's payload
  std::optional<ByteRange> held_usage_;
};

}  // namespace tollgate
