#include "dialects/sandbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/json.h"
#include "dialects/openai_chunk.h"
#include "dialects/sandbox_text.h"

namespace tollgate {
namespace {

constexpr std::string_view kPublicPrefix = "sandbox/";
// Over all choices of one answer: what a script may hold in memory is bounded.
constexpr std::size_t kPiecesMax = 16 * 1024;
constexpr std::int64_t kOverrunTokens = 100;

// One answer being written.
struct Answer {
  const ChatRequest& request;
  const SandboxCall& call;
  std::string id_json;
  std::string model_json;
  std::string text = {};
  std::vector<std::string_view> pieces = {};  // of `text`, for each choice the same
  std::string_view finish_reason = {};
  std::optional<TokenUsage> usage = {};

  bool chat() const { return request.kind == CompletionKind::kChat; }
  std::string_view said() const {
    if (pieces.empty()) return {};
    const char* end = pieces.back().data() + pieces.back().size();
    return {text.data(), static_cast<std::size_t>(end - text.data())};
  }
};

// What the provider honours: the smaller of what the request names, or what the gateway set.
std::optional<std::int64_t> output_limit(const Answer& answer) {
  const ChatRequest& request = answer.request;
  if (!request.max_tokens && !request.max_completion_tokens) return answer.call.output_limit;
  return std::min(request.max_tokens.value_or(kMaxTokensMax),
                  request.max_completion_tokens.value_or(kMaxTokensMax));
}

void fill_answer(Answer& answer, std::string_view body) {
  const ChatRequest& request = answer.request;
  SandboxPrompt prompt = read_sandbox_prompt(body, request.kind);
  answer.text = answer.call.behaviour == SandboxBehaviour::kEcho ? std::move(prompt.last_text)
                                                                 : std::string(lorem_text());
  answer.pieces = sandbox_pieces(answer.text);
  std::size_t limit = kPiecesMax / static_cast<std::size_t>(request.n);
  const auto asked = output_limit(answer);
  if (asked) limit = std::min(limit, static_cast<std::size_t>(*asked));
  answer.finish_reason = answer.pieces.size() > limit ? "length" : "stop";
  answer.pieces.resize(std::min(answer.pieces.size(), limit));

  if (answer.call.behaviour == SandboxBehaviour::kNoUsage) return;
  TokenUsage usage;
  usage.input = prompt.tokens;
  usage.output = static_cast<std::int64_t>(answer.pieces.size()) * request.n;
  if (answer.call.behaviour == SandboxBehaviour::kOverrun) {
    usage.output = std::max(usage.output, asked.value_or(0) * request.n);
    usage.output += kOverrunTokens;
  }
  answer.usage = usage;
}

void append_usage_object(std::string& out, const TokenUsage& usage) {
  fmt::format_to(std::back_inserter(out),
                 R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                 R"("prompt_tokens_details":{{"cached_tokens":0}},)"
                 R"("completion_tokens_details":{{"reasoning_tokens":0}}}})",
                 usage.input, usage.output, usage.input + usage.output);
}

std::string whole_body(const Answer& answer) {
  std::string out =
      fmt::format(R"({{"id":{},"object":"{}","created":{},"model":{},"choices":[)", answer.id_json,
                  answer.chat() ? "chat.completion" : "text_completion", answer.call.created,
                  answer.model_json);
  const std::string said = json_string(answer.said());
  for (std::int64_t i = 0; i < answer.request.n; ++i) {
    if (i > 0) out += ",";
    if (answer.chat()) {
      fmt::format_to(
          std::back_inserter(out),
          R"({{"index":{},"message":{{"role":"assistant","content":{},"refusal":null}},)", i, said);
    } else {
      fmt::format_to(std::back_inserter(out), R"({{"index":{},"text":{},)", i, said);
    }
    fmt::format_to(std::back_inserter(out), R"("logprobs":null,"finish_reason":"{}"}})",
                   answer.finish_reason);
  }
  out += "]";
  if (answer.usage) {
    out += ",";
    append_usage_object(out, *answer.usage);
  }
  return out + "}";
}

// One event of a stream that holds one choice's `delta` (chat) or `text`.
std::string event(const Answer& answer, std::int64_t index, std::string_view content_json,
                  std::string_view finish_json) {
  return fmt::format(
      R"(data: {{"id":{},"object":"{}","created":{},"model":{},"choices":[{{"index":{},{},)"
      R"("logprobs":null,"finish_reason":{}}}],"usage":null}})"
      "\n\n",
      answer.id_json, answer.chat() ? "chat.completion.chunk" : "text_completion",
      answer.call.created, answer.model_json, index, content_json, finish_json);
}

std::string usage_event(const Answer& answer) {
  std::string out = "data: ";
  append_usage_chunk(out, {.kind = answer.request.kind,
                           .id_json = answer.id_json,
                           .created = answer.call.created,
                           .model_json = answer.model_json,
                           .tokens = *answer.usage});
  return out + "\n\n";
}

std::vector<SandboxStep> stream_steps(const Answer& answer) {
  const bool slow = answer.call.behaviour == SandboxBehaviour::kSlow;
  const std::int64_t choices = answer.request.n;
  std::vector<SandboxStep> steps;
  const auto put = [&steps](std::string bytes) { steps.push_back({.bytes = std::move(bytes)}); };

  for (std::int64_t i = 0; answer.chat() && i < choices; ++i) {
    put(event(answer, i, R"("delta":{"role":"assistant","content":"","refusal":null})", "null"));
  }
  for (std::size_t piece = 0; piece < answer.pieces.size(); ++piece) {
    const std::string text = json_string(answer.pieces[piece]);
    const std::string content = answer.chat() ? R"("delta":{"content":)" + text + "}"  //
                                              : R"("text":)" + text;
    for (std::int64_t i = 0; i < choices; ++i) {
      put(event(answer, i, content, "null"));
      if (slow && i == 0) steps.back().delay = piece == 0 ? kSlowFirstToken : kSlowPerToken;
    }
  }
  const std::string finish = fmt::format(R"("{}")", answer.finish_reason);
  for (std::int64_t i = 0; i < choices; ++i) {
    put(event(answer, i, answer.chat() ? R"("delta":{})" : R"("text":"")", finish));
  }
  if (answer.usage) put(usage_event(answer));
  put("data: [DONE]\n\n");
  return steps;
}

SandboxScript error_script(int status, std::string_view type, std::string_view code,
                           std::string_view message) {
  SandboxScript script;
  script.status = status;
  script.content_type = "application/json";
  script.steps.push_back(
      {.bytes =
           fmt::format(R"({{"error":{{"message":"{}","type":"{}","param":null,"code":"{}"}}}})",
                       message, type, code)});
  return script;
}

SandboxScript answer_script(const Answer& answer) {
  SandboxScript script;
  if (answer.request.stream) {
    script.content_type = "text/event-stream";
    script.steps = stream_steps(answer);
    if (answer.call.behaviour == SandboxBehaviour::kCutStream) {
      script.steps.resize((script.steps.size() + 1) / 2);
      script.ending = SandboxEnding::kCut;
    }
    return script;
  }
  script.content_type = "application/json";
  SandboxStep step{.bytes = whole_body(answer)};
  if (answer.call.behaviour == SandboxBehaviour::kSlow && !answer.pieces.empty()) {
    step.delay = kSlowFirstToken + kSlowPerToken * (answer.pieces.size() - 1);
  }
  if (answer.call.behaviour == SandboxBehaviour::kCutStream) {
    step.bytes.resize(step.bytes.size() / 2);
    script.ending = SandboxEnding::kCut;
  }
  script.steps.push_back(std::move(step));
  return script;
}

}  // namespace

SandboxBehaviour sandbox_behaviour(std::string_view upstream_model) {
  if (upstream_model.starts_with(kPublicPrefix)) upstream_model.remove_prefix(kPublicPrefix.size());
  const auto found = std::ranges::find(kSandboxModels, upstream_model, &SandboxModel::name);
  return found == kSandboxModels.end() ? SandboxBehaviour::kLorem : found->behaviour;
}

std::optional<SandboxScript> sandbox_fault(SandboxBehaviour behaviour) {
  switch (behaviour) {
    case SandboxBehaviour::kError429: {
      SandboxScript script =
          error_script(429, "rate_limit_error", "rate_limit_exceeded",
                       "The sandbox refuses this model with 429, as its name says.");
      script.fields.emplace_back("Retry-After", "1");
      return script;
    }
    case SandboxBehaviour::kError500:
      return error_script(500, "server_error", "internal_error",
                          "The sandbox fails this model with 500, as its name says.");
    case SandboxBehaviour::kHang:
      return SandboxScript{.ending = SandboxEnding::kHang};
    default:
      return std::nullopt;
  }
}

SandboxScript make_sandbox_script(const ChatRequest& request, std::string_view body,
                                  const SandboxCall& call) {
  if (auto fault = sandbox_fault(call.behaviour)) return std::move(*fault);
  Answer answer{.request = request,
                .call = call,
                .id_json = json_string(call.id),
                .model_json = json_string(call.model)};
  fill_answer(answer, body);
  return answer_script(answer);
}

}  // namespace tollgate
