#include "dialects/sandbox_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "dialects/json_text.h"
#include "dialects/json_tree.h"
#include "dialects/sandbox_text.h"

namespace tollgate {
namespace {

constexpr std::int64_t kDimensions = 1'536;
constexpr std::int64_t kDimensionsMax = 4'096;
constexpr std::int64_t kOverrunTokens = 100;
constexpr std::string_view kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mNoaGgAAAMEAYF1LgG8AAAAAElFTkSuQmCC";
constexpr std::int64_t kTokensPerImage = 64;
constexpr std::int64_t kSamplesPerSecond = 8'000;  // of the speech: 16 bit, mono
constexpr std::int64_t kHeardBytesPerMs = 32;      // of a recording: 16 kHz, 16 bit, mono
constexpr std::int64_t kHeardTokensPerSecond = 10;

struct Answering {
  const ChatRequest& request;
  std::string_view body;
  const SandboxCall& call;
  std::string model_json;

  bool says_usage() const { return call.behaviour != SandboxBehaviour::kNoUsage; }
  std::int64_t overrun() const {
    return call.behaviour == SandboxBehaviour::kOverrun ? kOverrunTokens : 0;
  }
};

// RFC 4648 §4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view three = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < three.size() ? static_cast<unsigned char>(three[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= three.size() ? kLetters[bits >> (18 - 6 * i) & 0x3F] : '=';
    }
  }
  return out;
}

void append_little_endian(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

SandboxScript json_script(std::string body) {
  SandboxScript script{.content_type = "application/json"};
  script.steps.push_back({.bytes = std::move(body)});
  return script;
}

SandboxScript refusal(std::string_view message) {
  SandboxScript script = json_script(fmt::format(
      R"({{"error":{{"message":{},"type":"invalid_request_error","param":null,"code":null}}}})",
      json_string(message)));
  script.status = 400;
  return script;
}

// One input of a request: a text, or tokens as they stand.
struct Input {
  std::string text;
  std::int64_t tokens = 0;
};

Input input_of(JsonNode node) {
  if (node.is_array()) {
    Input input{.text = std::string(node.raw())};
    for ([[maybe_unused]] const JsonNode token : node) ++input.tokens;
    return input;
  }
  if (node.is_object()) {
    std::string text = node["text"].is_string() ? node["text"].text() : std::string(node.raw());
    const std::int64_t tokens = sandbox_tokens(text);
    return {.text = std::move(text), .tokens = tokens};
  }
  std::string text = node.text();
  const std::int64_t tokens = sandbox_tokens(text);
  return {.text = std::move(text), .tokens = tokens};
}

std::vector<Input> inputs_of(JsonNode node) {
  std::vector<Input> inputs;
  const bool several = node.is_array() && (*node.begin()).kind() != JsonKind::kNumber;
  if (!several) {
    inputs.push_back(input_of(node));
    return inputs;
  }
  for (const JsonNode one : node) inputs.push_back(input_of(one));
  return inputs;
}

// At least one, as every request has some input.
std::int64_t tokens_of(const std::vector<Input>& inputs) {
  std::int64_t sum = 0;
  for (const Input& input : inputs) sum += input.tokens;
  return std::max<std::int64_t>(sum, 1);
}

std::string usage_member(const Answering& answering, std::int64_t input) {
  if (!answering.says_usage()) return {};
  input += answering.overrun();
  return fmt::format(R"(,"usage":{{"prompt_tokens":{},"total_tokens":{}}})", input, input);
}

// The same text, the same vector: figures of a generator that the text seeds, scaled to length 1.
std::vector<float> vector_of(std::string_view text, std::int64_t dimensions) {
  std::uint64_t state = 0xCBF29CE484222325;  // FNV-1a
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  std::vector<double> raw;
  double squares = 0;
  for (std::int64_t i = 0; i < dimensions; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
    raw.push_back(static_cast<double>(static_cast<std::int32_t>(state >> 32)) / 2147483648.0);
    squares += raw.back() * raw.back();
  }
  const double length = squares > 0 ? std::sqrt(squares) : 1;
  std::vector<float> figures;
  figures.reserve(raw.size());
  for (const double figure : raw) figures.push_back(static_cast<float>(figure / length));
  return figures;
}

std::string embedding_json(const std::vector<float>& figures, bool as_base64) {
  std::string out;
  if (as_base64) {
    for (const float figure : figures) {
      append_little_endian(out, std::bit_cast<std::uint32_t>(figure), 4);
    }
    return "\"" + base64(out) + "\"";
  }
  out = "[";
  for (const float figure : figures) {
    if (out.size() > 1) out += ",";
    fmt::format_to(std::back_inserter(out), "{}", figure);
  }
  return out + "]";
}

SandboxScript embeddings(const Answering& answering, JsonNode root) {
  const std::vector<Input> inputs = inputs_of(root["input"]);
  const std::int64_t dimensions = root["dimensions"].integer().value_or(kDimensions);
  if (dimensions < 1 || dimensions > kDimensionsMax) {
    return refusal(fmt::format("'dimensions' must be 1 to {} in the sandbox.", kDimensionsMax));
  }
  if (static_cast<std::int64_t>(inputs.size()) * dimensions > kSandboxFiguresMax) {
    return refusal(fmt::format("The sandbox answers with {} figures at most. Send fewer inputs.",
                               kSandboxFiguresMax));
  }
  const bool as_base64 = root["encoding_format"].is("base64");
  std::string out = R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i > 0) out += ",";
    fmt::format_to(std::back_inserter(out), R"({{"object":"embedding","index":{},"embedding":{}}})",
                   i, embedding_json(vector_of(inputs[i].text, dimensions), as_base64));
  }
  fmt::format_to(std::back_inserter(out), R"(],"model":{}{}}})", answering.model_json,
                 usage_member(answering, tokens_of(inputs)));
  return json_script(std::move(out));
}

SandboxScript moderations(const Answering& answering, JsonNode root) {
  constexpr std::array<std::string_view, 6> kCategories = {"harassment", "hate",   "illicit",
                                                           "self-harm",  "sexual", "violence"};
  std::string flags;
  std::string scores;
  for (const std::string_view category : kCategories) {
    const std::string_view comma = flags.empty() ? "" : ",";
    fmt::format_to(std::back_inserter(flags), R"({}"{}":false)", comma, category);
    fmt::format_to(std::back_inserter(scores), R"({}"{}":0.0001)", comma, category);
  }
  // Parts are one input together.
  std::size_t count = inputs_of(root["input"]).size();
  const JsonNode input = root["input"];
  if (input.is_array() && (*input.begin()).is_object()) count = 1;
  std::string out = fmt::format(R"({{"id":{},"model":{},"results":[)",
                                json_string(answering.call.id), answering.model_json);
  for (std::size_t i = 0; i < count; ++i) {
    fmt::format_to(std::back_inserter(out),
                   R"({}{{"flagged":false,"categories":{{{}}},"category_scores":{{{}}}}})",
                   i > 0 ? "," : "", flags, scores);
  }
  return json_script(out + "]}");
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && is_json_space(text[at])) ++at;
    const std::size_t begin = at;
    while (at < text.size() && !is_json_space(text[at])) ++at;
    if (at > begin) words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

// The share of the query's words that stand in the document.
double relevance(std::string_view query, std::string_view document) {
  const std::vector<std::string_view> asked = words_of(query);
  if (asked.empty()) return 0;
  const auto found =
      std::ranges::count_if(asked, [&](std::string_view word) { return document.contains(word); });
  return static_cast<double>(found) / static_cast<double>(asked.size());
}

SandboxScript rerank(const Answering& answering, JsonNode root) {
  const std::string query = root["query"].text();
  const std::vector<Input> documents = inputs_of(root["documents"]);
  std::vector<std::pair<double, std::size_t>> ranked;
  std::int64_t tokens = tokens_of(documents);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    ranked.emplace_back(relevance(query, documents[i].text), i);
    tokens += sandbox_tokens(query);
  }
  std::ranges::sort(ranked, [](const auto& one, const auto& other) {
    return std::pair(-one.first, one.second) < std::pair(-other.first, other.second);
  });
  const std::int64_t top =
      root["top_n"].integer().value_or(static_cast<std::int64_t>(ranked.size()));
  ranked.resize(std::min(ranked.size(), static_cast<std::size_t>(std::max<std::int64_t>(top, 0))));
  std::string out = fmt::format(R"({{"id":{},"model":{},"results":[)",
                                json_string(answering.call.id), answering.model_json);
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    fmt::format_to(std::back_inserter(out), R"({}{{"index":{},"relevance_score":{:.4f}}})",
                   i > 0 ? "," : "", ranked[i].second, ranked[i].first);
  }
  return json_script(out + "]" + usage_member(answering, tokens) + "}");
}

SandboxScript images(const Answering& answering, JsonNode root) {
  const std::int64_t input = std::max<std::int64_t>(sandbox_tokens(root["prompt"].text()), 1);
  const bool by_url = root["response_format"].is("url");
  std::string out = fmt::format(R"({{"created":{},"data":[)", answering.call.created);
  for (std::int64_t i = 0; i < answering.request.n; ++i) {
    if (i > 0) out += ",";
    out += by_url ? R"({"url":"data:image/png;base64,)" : R"({"b64_json":")";
    out.append(kPixel).append(R"("})");
  }
  out += "]";
  if (answering.says_usage()) {
    const std::int64_t output = answering.request.n * kTokensPerImage + answering.overrun();
    fmt::format_to(std::back_inserter(out),
                   R"(,"usage":{{"input_tokens":{},"output_tokens":{},"total_tokens":{},)"
                   R"("input_tokens_details":{{"text_tokens":{},"image_tokens":0}}}})",
                   input, output, input + output, input);
  }
  return json_script(out + "}");
}

std::string silence(std::int64_t samples) {
  const auto bytes = static_cast<std::uint32_t>(samples * 2);
  std::string wav = "RIFF";
  append_little_endian(wav, 36 + bytes, 4);
  wav += "WAVEfmt ";
  append_little_endian(wav, 16, 4);
  append_little_endian(wav, 1, 2);  // PCM
  append_little_endian(wav, 1, 2);  // mono
  append_little_endian(wav, kSamplesPerSecond, 4);
  append_little_endian(wav, kSamplesPerSecond * 2, 4);
  append_little_endian(wav, 2, 2);
  append_little_endian(wav, 16, 2);
  wav += "data";
  append_little_endian(wav, bytes, 4);
  wav.append(bytes, '\0');
  return wav;
}

SandboxScript speech(const Answering& answering, JsonNode root) {
  const std::string text = root["input"].text();
  const std::int64_t tenths =
      std::clamp<std::int64_t>(answering.request.needs.units.characters, 1, 100);
  std::string wav = silence(tenths * kSamplesPerSecond / 10);
  const std::int64_t input = std::max<std::int64_t>(sandbox_tokens(text), 1);
  const std::int64_t output = tenths * 2 + answering.overrun();
  SandboxScript script;
  if (answering.request.stream) {
    script.content_type = "text/event-stream";
    script.steps.push_back(
        {.bytes = fmt::format("data: {{\"type\":\"speech.audio.delta\",\"audio\":\"{}\"}}\n\n",
                              base64(wav))});
    std::string usage;
    if (answering.says_usage()) {
      usage = fmt::format(R"(,"usage":{{"input_tokens":{},"output_tokens":{},"total_tokens":{}}})",
                          input, output, input + output);
    }
    script.steps.push_back(
        {.bytes = fmt::format("data: {{\"type\":\"speech.audio.done\"{}}}\n\n", usage)});
    return script;
  }
  script.content_type = "audio/wav";
  const std::size_t half = wav.size() / 2;
  script.steps.push_back({.bytes = wav.substr(0, half)});
  script.steps.push_back({.bytes = wav.substr(half)});
  return script;
}

std::string transcript_usage(const Answering& answering, std::string_view text) {
  if (!answering.says_usage()) return {};
  const std::int64_t heard = answering.request.needs.units.audio_ms * 4 / kHeardBytesPerMs;
  const std::int64_t audio = std::max<std::int64_t>(heard * kHeardTokensPerSecond / 1'000, 1);
  const std::int64_t output = sandbox_tokens(text) + answering.overrun();
  return fmt::format(
      R"(,"usage":{{"type":"tokens","input_tokens":{},"input_token_details":{{"text_tokens":0,)"
      R"("audio_tokens":{}}},"output_tokens":{},"total_tokens":{}}})",
      audio, audio, output, audio + output);
}

SandboxScript transcription(const Answering& answering) {
  const std::string_view lorem = lorem_text();
  const std::string text(lorem.substr(0, lorem.find('.') + 1));
  SandboxScript script;
  if (answering.request.stream) {
    script.content_type = "text/event-stream";
    for (const std::string_view piece : sandbox_pieces(text)) {
      script.steps.push_back(
          {.bytes = fmt::format("data: {{\"type\":\"transcript.text.delta\",\"delta\":{}}}\n\n",
                                json_string(piece))});
    }
    script.steps.push_back(
        {.bytes = fmt::format("data: {{\"type\":\"transcript.text.done\",\"text\":{}{}}}\n\n",
                              json_string(text), transcript_usage(answering, text))});
    return script;
  }
  if (answering.request.form == AnswerForm::kText) {
    script.content_type = "text/plain; charset=utf-8";
    script.steps.push_back({.bytes = text + "\n"});
    return script;
  }
  return json_script(
      fmt::format(R"({{"text":{}{}}})", json_string(text), transcript_usage(answering, text)));
}

SandboxScript answer_to(const Answering& answering) {
  if (answering.request.kind == CompletionKind::kTranscription) return transcription(answering);
  JsonTree tree;
  if (!tree.parse(answering.body)) return refusal("The sandbox cannot hold so large a request.");
  const JsonNode root = tree.root();
  switch (answering.request.kind) {
    case CompletionKind::kEmbeddings:
      return embeddings(answering, root);
    case CompletionKind::kModerations:
      return moderations(answering, root);
    case CompletionKind::kRerank:
      return rerank(answering, root);
    case CompletionKind::kImages:
      return images(answering, root);
    case CompletionKind::kSpeech:
      return speech(answering, root);
    default:
      bug("a conversation among the units", std::source_location::current());
  }
}

}  // namespace

SandboxScript make_unit_script(const ChatRequest& request, std::string_view body,
                               const SandboxCall& call) {
  if (auto fault = sandbox_fault(call.behaviour)) return std::move(*fault);
  SandboxScript script = answer_to(
      {.request = request, .body = body, .call = call, .model_json = json_string(call.model)});
  if (call.behaviour == SandboxBehaviour::kSlow) script.steps.front().delay = kSlowFirstToken;
  if (call.behaviour == SandboxBehaviour::kCutStream) {
    script.steps.resize((script.steps.size() + 1) / 2);
    std::string& last = script.steps.back().bytes;
    if (script.steps.size() == 1) last.resize(last.size() / 2);
    script.ending = SandboxEnding::kCut;
  }
  return script;
}

}  // namespace tollgate
