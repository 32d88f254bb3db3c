// The `usage` of Anthropic's Messages API, in TokenUsage's terms.
//
// There, input_tokens are those that no cache has part in; cache_creation_input_tokens and
// cache_read_input_tokens stand beside them (platform.claude.com/docs/en/build-with-claude/
// prompt-caching, "Tracking cache performance"). Here they are parts of one whole. Thinking is part
// of output_tokens there as here.
#pragma once

#include <cstdint>
#include <optional>

#include "dialects/json_cursor.h"
#include "dialects/reported_usage.h"

namespace tollgate {

// What is known so far: a stream says its input when it starts and its output when it ends, each
// figure cumulative, so that the last one said holds (…/build-with-claude/streaming).
class AnthropicUsage {
 public:
  // Consumes one value: an object's figures are taken over; null says nothing; anything else, or a
  // figure that is none, makes all of it invalid for good.
  void read(JsonCursor& cursor);

  // kAbsent before anything was read; kInvalid too where input or output was never said.
  ReportedUsage reported() const;

 private:
  void read_figure(JsonCursor& cursor, std::optional<std::int64_t>& out);
  void read_parts(JsonCursor& cursor);

  bool any_ = false;
  bool sound_ = true;
  std::optional<std::int64_t> input_;
  std::optional<std::int64_t> output_;
  std::optional<std::int64_t> cache_read_;
  std::optional<std::int64_t> cache_write_;
  std::optional<std::int64_t> cache_write_5m_;
  std::optional<std::int64_t> cache_write_1h_;
  std::optional<std::int64_t> thinking_;
};

}  // namespace tollgate
