// RequestNeeds: what a bound on a request's tokens and cost has to know of it (SPEC §5, rule 1),
// and what it asks of a model (SPEC §6). Filled by dialects/ while the body is read, used by
// domain/bound, domain/metering and routing/.
#pragma once

#include <cstdint>
#include <optional>

namespace tollgate {

struct RequestNeeds {
  std::int64_t text_bytes =
      0;                    // of the body, without what image, audio, video and file parts carry
  std::int64_t images = 0;  // by value or by URL

  // Audio, video, files, anything else by URL or id, parts and tools of a type we do not know: it
  // counts as all that the model can take.
  bool whole_window = false;
  // Kinds of output asked for beside text.
  bool audio_output = false;
  bool image_output = false;
  // A fee that no number in the request bounds: a tool that the provider runs, a web search.
  bool hosted_fees = false;

  // What the model has to be capable of, beside taking images (`images`): by these routing leaves
  // offers out (SPEC §6).
  bool tools = false;        // tools are offered to the model, of whatever type
  bool json_schema = false;  // the answer has to follow a JSON schema
  bool audio_input = false;
  bool file_input = false;  // documents, by value, URL or id
  bool video_input = false;

  // Of one choice, as the client asked; the larger where two members say it.
  std::optional<std::int64_t> max_tokens = {};
  // How many answers are produced: max(n, best_of), for every prompt of the request.
  std::int64_t choices = 1;

  bool operator==(const RequestNeeds&) const = default;
};

}  // namespace tollgate
