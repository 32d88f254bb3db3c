// A streamed response between two ends of OpenAI's Responses API: the events go on as the bytes
// they came as, with the public model wherever they name one, and the cost in the usage
// (platform.openai.com/docs/api-reference/responses-streaming). Pure.
//
// The end is held back: response.completed, or incomplete, with the usage, goes out after the
// commit. Where we end a stream, what is open is ended as the dialect has it, and
// response.incomplete says the output up to there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/client_stream.h"
#include "dialects/json_tree.h"
#include "dialects/response_answer.h"
#include "dialects/response_count.h"

namespace tollgate {

// Of a stream that we may have to end, as much is kept to say it again; of a longer one, the output
// of response.incomplete ends earlier.
inline constexpr std::size_t kKeptOutputMax = 4 * 1024 * 1024;
inline constexpr std::size_t kKeptItemsMax = 4'096;

class ResponseStream final : public ClientStream {
 public:
  explicit ResponseStream(std::string_view public_model);

  Result<StreamFacts> read(std::string_view payload) override;
  void append(std::string& out) override;
  std::int64_t next_number() const override { return next_number_; }
  void append_ending(std::string& out, const StreamEnding& ending) override;

 private:
  // An item of the output as the client has seen it.
  struct Item {
    std::int64_t index = 0;
    bool open = true;
    std::string begun_json = {};      // as it was added
    std::string done_json = {};       // whole
    std::string parts_json = {};      // of those that are done
    std::string_view part_type = {};  // of the open one; empty: none is
    std::int64_t part = 0;
    std::string text = {};    // raw: of the open part, or a call's arguments
    bool text_ended = false;  // the client was told that it is whole
  };

  void relay(std::string& out, std::string_view payload, std::string_view cost = {}) const;
  void note_item(const ResponseEvent& event);
  Item* item_of(const ResponseEvent& event);
  void keep(std::string& what, std::string_view more);
  void append_event(std::string& out, std::string_view type, std::string_view members_json);
  void append_item_end(std::string& out, Item& item);
  void append_bounded(std::string& out, const StreamEnding& ending);
  std::string output_json() const;

  std::string model_json_;
  JsonTree tree_;
  std::string_view payload_;  // of the event read last
  ResponseEvent event_;
  ResponseCount count_;
  std::string held_;           // the last event's payload
  std::string response_json_;  // as it was created
  std::vector<Item> items_;
  std::size_t kept_bytes_ = 0;
  std::int64_t next_number_ = 0;
};

}  // namespace tollgate
