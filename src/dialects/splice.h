// The upstream body: the client's own bytes with a few edits, never re-serialised (SPEC §7).
//
// A SplicedBody borrows the client's bytes and owns only what is put in. It hands out pieces for
// one gathered write; a 100 KB prompt is not copied. Used on one thread by upstream/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/byte_range.h"
#include "dialects/chat_request.h"

namespace tollgate {

class SplicedBody {
 public:
  // `original` must outlive this object and what pieces() returned.
  explicit SplicedBody(std::string_view original) : original_(original), size_(original.size()) {}

  // REQUIRES: edits do not overlap one another and lie within the original; any order. An empty
  // range inserts before its offset; empty `bytes` cut.
  void replace(ByteRange range, std::string bytes);

  bool unchanged() const { return edits_.empty(); }
  std::size_t size() const { return size_; }
  // In order; none is empty. They point into the original and into this object, and are good until
  // the next replace() or until it moves.
  std::vector<std::string_view> pieces() const;
  std::string text() const;

 private:
  struct Edit {
    ByteRange range;
    std::string bytes;
  };
  std::string_view original_;
  std::size_t size_;
  std::vector<Edit> edits_;  // by offset
};

// The output limit that a request gets which names none (SPEC §5, rule 1).
struct OutputLimit {
  std::string_view field;  // the offer's max_tokens_field
  std::int64_t tokens = 0;
};

// What goes to a provider that knows the model as `upstream_model`: `model` replaced, `route` cut,
// for a streamed chat or completion stream_options.include_usage made true (others say it unasked),
// and `limit` set where the client gave none (in max_output_tokens of a response); everything else
// byte for byte. A limit that the client gave is neither raised nor shortened. REQUIRES: `request`
// was read from `body`; limit's field is max_tokens or max_completion_tokens.
SplicedBody upstream_body(const ChatRequest& request, std::string_view body,
                          std::string_view upstream_model,
                          const std::optional<OutputLimit>& limit = std::nullopt);

// A provider's answer to the client: its `model` says the public id, and is put in where there is
// none. REQUIRES: `answer` is an object with a member; `model_value` is its model's value.
std::string with_model(std::string_view answer, const std::optional<ByteRange>& model_value,
                       std::string_view public_model);

}  // namespace tollgate
