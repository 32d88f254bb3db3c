// RequestNeeds: what a bound on a request's tokens and cost has to know of it (SPEC §5, rule 1),
// and what it asks of a model (SPEC §6). Filled by dialects/ while the body is read, used by
// domain/bound, domain/metering and routing/.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/usage.h"

namespace tollgate {

// What the model puts out that is counted in tokens, and who bounds it.
enum class OutputBound : std::uint8_t {
  kByRequest,  // a conversation: max_tokens, given or filled
  kNone,       // nothing is put out: embeddings, scores
  kByOffer,    // images, speech, transcripts: no member of the request bounds them, so that the
               // offer's max_output_tokens does, where it is priced by the token at all
};

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
  // A fee that no number in the request bounds: a tool that the provider runs, a web search, a
  // dearer tier of service.
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

  // Of what is no conversation.
  OutputBound output = OutputBound::kByRequest;
  std::int64_t inputs = 1;  // texts that are each within the context window by themselves
  // Of a rerank: its query, which is in text_bytes once for each document, and is read again with
  // each further piece of one that does not fit the window. Its documents need not be within it.
  std::int64_t query_bytes = 0;
  // What is billed beside tokens: images asked for, characters, and the length of the audio as far
  // as it can be guessed.
  BilledUnits units = {};
  std::int64_t requests_max = 1;  // that a provider may count of this one (units.requests)
  // What is assumed where a provider that charges by the token does not say.
  std::int64_t guessed_audio_input = 0;
  std::int64_t guessed_output = 0;

  bool operator==(const RequestNeeds&) const = default;
};

}  // namespace tollgate
