// The labelled prompts that the classifier is measured on (tests/data/classifier_prompts.jsonl).
//
// One JSON object a line: "tier", "language", "kind", "prompt", and where they matter "system",
// "user_turns", "text_bytes" (of all texts), "max_tokens", "tools", "schema", "images", "files".
// Every third line is held out: nothing was fitted on it.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "domain/prompt_text.h"
#include "domain/request_needs.h"
#include "routing/classifier.h"

namespace tollgate {

struct LabelledPrompt {
  Tier tier = Tier::kNano;
  std::string language;
  std::string kind;
  PromptText prompt;
  RequestNeeds needs;
  bool held_out = false;
};

namespace labelled {

// What stands in for the long texts that people attach: plain prose that asks for nothing.
inline std::string attachment(std::size_t bytes) {
  constexpr std::string_view kProse =
      "The warehouse at the harbour opened in the spring and has been busy since. Trucks come in "
      "from the north gate and leave by the bridge, mostly before noon. In the second week the "
      "scales were replaced, and a man from the town looked at the roof, which had let in some "
      "rain. The crew of the late shift has lunch in the small room beside the office.\n";
  std::string out;
  out.reserve(bytes + kProse.size());
  while (out.size() < bytes) out += kProse;
  out.resize(std::min(bytes, kPromptTextBytesMax));
  return out;
}

inline std::int64_t number(const json::object& line, std::string_view name, std::int64_t absent) {
  const json::value* value = line.if_contains(name);
  return value == nullptr ? absent : value->as_int64();
}

inline std::string text(const json::object& line, std::string_view name) {
  const json::value* value = line.if_contains(name);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

inline LabelledPrompt read(const json::object& line) {
  LabelledPrompt out;
  out.tier = tier_from_name(text(line, "tier")).value();
  out.language = text(line, "language");
  out.kind = text(line, "kind");
  PromptText& prompt = out.prompt;
  prompt.system = text(line, "system");
  prompt.last_user = text(line, "prompt");
  prompt.user_turns = number(line, "user_turns", 1);
  prompt.messages = 2 * prompt.user_turns - 1;
  const auto shown = static_cast<std::int64_t>(prompt.system.size() + prompt.last_user.size());
  prompt.text_bytes = number(line, "text_bytes", shown);
  // In a first turn the long text is attached to the question; later it is what was said before.
  if (prompt.user_turns == 1 && prompt.text_bytes > shown) {
    prompt.last_user += "\n\n" + attachment(static_cast<std::size_t>(prompt.text_bytes - shown));
  }
  out.needs.text_bytes = prompt.text_bytes;
  out.needs.tools = line.contains("tools");
  out.needs.json_schema = line.contains("schema");
  out.needs.file_input = line.contains("files");
  out.needs.images = number(line, "images", 0);
  if (line.contains("max_tokens")) out.needs.max_tokens = number(line, "max_tokens", 0);
  return out;
}

}  // namespace labelled

inline std::vector<LabelledPrompt> labelled_prompts() {
  std::ifstream file(TOLLGATE_SOURCE_DIR "/tests/data/classifier_prompts.jsonl");
  std::vector<LabelledPrompt> out;
  for (std::string line; std::getline(file, line);) {
    const auto value = parse_json(line);
    check(value.has_value() && value->is_object(), "every line is a JSON object");
    out.push_back(labelled::read(value->as_object()));
    out.back().held_out = out.size() % 3 == 0;
  }
  return out;
}

}  // namespace tollgate
