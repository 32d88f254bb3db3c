// A client's request in the words of the provider that an offer stands at: the body, and the path
// it goes to (SPEC §7 "Dialects"). Pure; Call does it once per attempt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/splice.h"
#include "domain/offer.h"
#include "routing/snapshot.h"
#include "upstream/targets.h"

namespace tollgate {

// What an answer, and the stream of one, is written in. kUnits: whatever is no conversation;
// kResponses: that of a provider that makes responses itself.
enum class AnswerDialect { kOpenAi, kAnthropic, kUnits, kResponses };
AnswerDialect answer_dialect(Dialect provider);
AnswerDialect answer_dialect(CompletionKind kind, Dialect provider,
                             ResponsesBy responses = ResponsesBy::kTranslation);
// Whether a client of this kind reads it as it is.
bool speaks(CompletionKind kind, AnswerDialect dialect);

// The client's own bytes with members spliced, or, for a provider of another dialect, a body of its
// own.
class UpstreamBody {
 public:
  explicit UpstreamBody(SplicedBody spliced) : body_(std::move(spliced)) {}
  explicit UpstreamBody(std::string translated)
      : translated_(std::make_unique<std::string>(std::move(translated))), body_(*translated_) {}

  std::size_t size() const { return body_.size(); }
  // Good until this moves.
  std::vector<std::string_view> pieces() const { return body_.pieces(); }
  std::string text() const { return body_.text(); }

 private:
  std::unique_ptr<std::string> translated_;  // where it is not the client's
  SplicedBody body_;
};

struct EncodeTerms {
  const ChatRequest& request;
  std::string_view body;  // lives as long as what is made of it
  const Offer& offer;
  Dialect dialect = Dialect::kOpenAi;
  std::optional<OutputLimit> limit = {};  // to be set where the client named none
  Known reasons = Known::kUnknown;        // whether the model reasons
  ResponsesBy responses = ResponsesBy::kTranslation;
};

// What is known of it for EncodeTerms.
Known reasons_at(const Snapshot& snapshot, const Offer& offer);

// kInvalidRequest, with `param`, for what the provider's dialect cannot say.
Result<UpstreamBody> encode(const EncodeTerms& terms);

// Behind the provider's base path, e.g. "/chat/completions".
std::string upstream_path(CompletionKind kind, const Provider& provider, const Offer& offer,
                          ResponsesBy responses = ResponsesBy::kTranslation);

}  // namespace tollgate
