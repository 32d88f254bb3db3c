#include "domain/model_facts_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "domain/text_rules.h"

namespace tollgate {
namespace {

constexpr std::int64_t kTokensMax = 1'000'000'000;
constexpr std::size_t kNameLengthMax = 128;

json::value size_json(std::int64_t tokens) { return tokens > 0 ? json::value(tokens) : nullptr; }

template <class T>
json::value number_json(const std::optional<T>& number) {
  return number ? json::value(*number) : nullptr;
}

json::object capabilities_json(const Capabilities& capabilities) {
  json::object out;
  for (const Capability capability : kCapabilities) {
    const Known known = capabilities[capability];
    out[capability_name(capability)] =
        known == Known::kUnknown ? json::value(nullptr) : json::value(known == Known::kYes);
  }
  return out;
}

void read_size(ObjectReader& reader, std::string_view name, std::int64_t& size) {
  if (reader.is_null(name)) {
    size = 0;
    return;
  }
  const auto tokens = reader.integer(name);
  if (!tokens) return;
  if (*tokens < 1 || *tokens > kTokensMax) {
    return reader.problem(name, "must be 1 to 1000000000 tokens");
  }
  size = *tokens;
}

void read_score(ObjectReader& reader, std::string_view name, std::optional<int>& score) {
  if (reader.is_null(name)) return score.reset();
  const auto number = reader.integer(name);
  if (!number) return;
  if (*number < 0 || *number > kScoreMax) {
    return reader.problem(name, fmt::format("must be 0 to {}", kScoreMax));
  }
  score = static_cast<int>(*number);
}

// One of an enum's names.
template <class T>
void read_named(ObjectReader& reader, std::string_view name, std::string_view choices,
                std::optional<T> (*from_name)(std::string_view), std::optional<T>& target) {
  if (reader.is_null(name)) return target.reset();
  const auto text = reader.string(name);
  if (!text) return;
  const auto value = from_name(*text);
  if (!value) return reader.problem(name, fmt::format("must be one of {}", choices));
  target = value;
}

void read_capability(ObjectReader& reader, std::string_view name, const json::value& value,
                     Capabilities& capabilities) {
  const auto* const known =
      std::ranges::find(kCapabilities, name, [](Capability one) { return capability_name(one); });
  if (known == kCapabilities.end()) {
    reader.problem("capabilities",
                   "must hold nothing but vision, tools, audio_input, file_input, "
                   "video_input, json_schema and reasoning");
  } else if (value.is_null()) {
    capabilities.set(*known, Known::kUnknown);
  } else if (const bool* truth = value.if_bool()) {
    capabilities.set(*known, *truth ? Known::kYes : Known::kNo);
  } else {
    reader.problem(fmt::format("capabilities.{}", name), "must be true, false or null");
  }
}

void read_capabilities(ObjectReader& reader, Capabilities& capabilities) {
  const json::value* const value = reader.raw("capabilities");
  if (value == nullptr) return;
  if (reader.is_null("capabilities")) {
    capabilities = Capabilities();
    return;
  }
  const auto* const object = value->if_object();
  if (object == nullptr) return reader.problem("capabilities", "must be an object");
  for (const auto& member : *object) {
    read_capability(reader, member.key(), member.value(), capabilities);
  }
}

void read_name(ObjectReader& reader, std::string& name) {
  if (reader.is_null("name")) return name.clear();
  auto text = reader.string("name");
  if (!text) return;
  if (auto wrong = name_problem(*text, kNameLengthMax)) {
    return reader.problem("name", std::move(*wrong));
  }
  name = std::move(*text);
}

}  // namespace

json::object facts_json(const ModelFacts& facts) {
  json::object out;
  out["name"] = facts.name.empty() ? json::value(nullptr) : json::value(facts.name);
  out["kind"] = facts.kind ? json::value(model_kind_name(*facts.kind)) : json::value(nullptr);
  out["context_window"] = size_json(facts.context_window);
  out["max_output_tokens"] = size_json(facts.max_output_tokens);
  out["capabilities"] = capabilities_json(facts.capabilities);
  out["quality"] = number_json(facts.quality);
  out["tier"] = facts.tier ? json::value(tier_name(*facts.tier)) : json::value(nullptr);
  out["tool_calling"] = number_json(facts.tool_calling);
  return out;
}

void read_facts(ObjectReader& reader, ModelFacts& facts) {
  read_name(reader, facts.name);
  read_named(reader, "kind", "chat, embedding, image, speech, transcription, rerank, moderation",
             model_kind_from_name, facts.kind);
  read_size(reader, "context_window", facts.context_window);
  read_size(reader, "max_output_tokens", facts.max_output_tokens);
  read_capabilities(reader, facts.capabilities);
  read_score(reader, "quality", facts.quality);
  read_named(reader, "tier", "NANO, SIMPLE, LIGHT, STANDARD, COMPLEX", tier_from_name, facts.tier);
  read_score(reader, "tool_calling", facts.tool_calling);
}

ModelFacts layered_facts(const ModelFacts& own, const ModelFacts& beneath) {
  ModelFacts facts = own;
  if (facts.name.empty()) facts.name = beneath.name;
  if (!facts.kind) facts.kind = beneath.kind;
  if (facts.context_window == 0) facts.context_window = beneath.context_window;
  if (facts.max_output_tokens == 0) facts.max_output_tokens = beneath.max_output_tokens;
  for (const Capability capability : kCapabilities) {
    if (facts.capabilities[capability] == Known::kUnknown) {
      facts.capabilities.set(capability, beneath.capabilities[capability]);
    }
  }
  if (!facts.quality) facts.quality = beneath.quality;
  if (!facts.tier) facts.tier = beneath.tier;
  if (!facts.tool_calling) facts.tool_calling = beneath.tool_calling;
  return facts;
}

}  // namespace tollgate
