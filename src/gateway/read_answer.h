// A whole answer, read in its provider's dialect and said in its client's. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "dialects/anthropic_answer.h"
#include "dialects/openai_answer.h"
#include "dialects/response_answer.h"
#include "dialects/unit_answer.h"
#include "upstream/encode.h"

namespace tollgate {

class ReadAnswer {
 public:
  // kProviderError for what is no answer in that dialect. `body` is borrowed.
  static Result<ReadAnswer> read(AnswerDialect dialect, const ChatRequest& request,
                                 std::string_view body);

  const ReportedUsage& usage() const;
  const ContentCount& content() const;
  // Of a whole answer that says that it failed; null otherwise. What it says it used is charged.
  const Error* failure() const;
  // Of what is no conversation; null otherwise.
  const UnitAnswer* units() const { return std::get_if<UnitAnswer>(&facts_); }

  struct ForClient {
    CompletionKind kind = CompletionKind::kChat;
    std::string_view public_model;
    TokenUsage tokens;             // as charged
    std::int64_t now_seconds = 0;  // Unix time
    std::string_view answer_id;    // unique, for an answer that gets an id of its own
    std::string_view request;      // the client's body
  };
  // kProviderError for an answer that the client's dialect cannot say. REQUIRES: no failure.
  Result<std::string> said_to(const ForClient& client) const;

 private:
  using Facts = std::variant<OpenAiAnswer, AnthropicAnswer, ResponseAnswer, UnitAnswer>;
  ReadAnswer(Facts facts, std::string_view body) : facts_(std::move(facts)), body_(body) {}

  Facts facts_;
  std::string_view body_;
};

}  // namespace tollgate
