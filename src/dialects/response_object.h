// Response objects of our own (platform.openai.com/docs/api-reference/responses/object): what a
// client of /v1/responses gets where the provider answered in another dialect. Pure; leaves of
// response_from_completion.cc and response_from_chunks.cc.
//
// Where a parameter is called json, it is a JSON value; a raw one is what stands between a JSON
// string's quotes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/usage.h"

namespace tollgate {

// An item of the output: one message with one part, one piece of reasoning, or one call. Reasoning
// stands as its summary, where clients look for what they may show.
struct ResponseItem {
  enum class Kind : std::uint8_t { kText, kRefusal, kReasoning, kCall };
  Kind kind = Kind::kText;
  std::string text = {};          // raw: what is said or thought, or the arguments
  std::string call_id_json = {};  // of calls
  std::string name_json = {};
  std::string signature = {};  // raw; of reasoning that came with one
};

// The longest member of a request that its response says again; of a longer one it has the default.
inline constexpr std::size_t kRepeatedBytesMax = 256 * 1024;

struct ResponseTerms {
  std::string_view id;  // unique; behind "resp_", and in the items' ids
  std::string_view public_model;
  std::int64_t created = 0;       // Unix seconds
  std::string_view request = {};  // the client's body: its settings are said again
};

// How a response stands.
struct ResponseState {
  std::string_view status;             // in_progress, completed, incomplete
  std::string_view incomplete_reason;  // of incomplete: max_output_tokens, content_filter
  std::string_view output_json;        // the items, without brackets
  const TokenUsage* tokens = nullptr;  // null: it is not known yet
  std::string_view cost = {};          // in USD; empty: it is not said
};

// What all objects of one response have in common.
class ResponseFrame {
 public:
  explicit ResponseFrame(const ResponseTerms& terms);

  // On one line.
  void append(std::string& out, const ResponseState& state) const;
  // "msg_…", "rs_…" or "fc_…" of the item at that place.
  std::string item_id(const ResponseItem& item, std::size_t index) const;
  // The item as it stands in the output, whole. `status` is completed or incomplete.
  void append_item(std::string& out, const ResponseItem& item, std::size_t index,
                   std::string_view status) const;

 private:
  std::string id_;
  std::string opening_;  // of the object, up to created_at
  std::string settings_;
};

// The part of a message or of reasoning.
void append_response_part(std::string& out, ResponseItem::Kind kind, std::string_view raw_text);
// `usage`, with `cost` unless it is empty.
void append_response_usage(std::string& out, const TokenUsage& tokens, std::string_view cost = {});

}  // namespace tollgate
