// Writes the events of a streamed response of our own
// (platform.openai.com/docs/api-reference/responses-streaming), each whole: its `event:` line, its
// `data:` line and the blank one, numbered one after another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/response_object.h"

namespace tollgate {

class ResponseEvents {
 public:
  explicit ResponseEvents(const ResponseTerms& terms) : frame_(terms) {}

  const ResponseFrame& frame() const { return frame_; }
  // The number of the next event.
  std::int64_t next() const { return next_; }
  void set_next(std::int64_t number) { next_ = number; }

  // `name` is what stands behind "response.": created, in_progress, completed, incomplete.
  void append_response(std::string& out, std::string_view name, const ResponseState& state);
  // The item's beginning: output_item.added and, unless it is a call, its part's own (content_part,
  // or reasoning_summary_part) added.
  void append_begin(std::string& out, const ResponseItem& item, std::size_t index);
  void append_delta(std::string& out, const ResponseItem& item, std::size_t index,
                    std::string_view raw);
  // Its end, with all of it: the text's, the part's and the item's own done.
  void append_end(std::string& out, const ResponseItem& item, std::size_t index,
                  std::string_view status);

 private:
  // Begins an event, up to where its members go on.
  void begin(std::string& out, std::string_view name);
  void begin_in_item(std::string& out, std::string_view name, const ResponseItem& item,
                     std::size_t index);

  ResponseFrame frame_;
  std::int64_t next_ = 0;
};

}  // namespace tollgate
