#include "domain/presets.h"

#include <algorithm>
#include <array>
#include <string>

namespace tollgate {
namespace {

constexpr std::string_view kPlain = "max_tokens";
// OpenAI's reasoning models refuse max_tokens; all of its chat models take the newer name.
constexpr std::string_view kNewer = "max_completion_tokens";

constexpr CredentialNeed kKey = CredentialNeed::kRequired;
constexpr CredentialNeed kMaybe = CredentialNeed::kOptional;
constexpr Dialect kOpenAi = Dialect::kOpenAi;

// Addresses as each provider's own documentation gives them for OpenAI's clients.
constexpr auto kPresets = std::to_array<Preset>({
    {"openai", "OpenAI", kOpenAi, "https://api.openai.com/v1", kNewer, kKey, "openai", "openai"},
    {"anthropic", "Anthropic", Dialect::kAnthropic, "https://api.anthropic.com/v1", kPlain, kKey,
     "anthropic", "anthropic"},
    {"google", "Google Gemini", kOpenAi, "https://generativelanguage.googleapis.com/v1beta/openai",
     kPlain, kKey, "gemini", "google"},
    {"azure", "Azure OpenAI", Dialect::kAzureOpenAi, "", kNewer, kKey, "azure", "openai"},
    {"groq", "Groq", kOpenAi, "https://api.groq.com/openai/v1", kPlain, kKey, "groq", "groq"},
    {"together", "Together AI", kOpenAi, "https://api.together.xyz/v1", kPlain, kKey, "together_ai",
     "together"},
    {"mistral", "Mistral AI", kOpenAi, "https://api.mistral.ai/v1", kPlain, kKey, "mistral",
     "mistral"},
    {"deepseek", "DeepSeek", kOpenAi, "https://api.deepseek.com/v1", kPlain, kKey, "deepseek",
     "deepseek"},
    {"xai", "xAI", kOpenAi, "https://api.x.ai/v1", kPlain, kKey, "xai", "xai"},
    {"cerebras", "Cerebras", kOpenAi, "https://api.cerebras.ai/v1", kPlain, kKey, "cerebras",
     "cerebras"},
    {"fireworks", "Fireworks AI", kOpenAi, "https://api.fireworks.ai/inference/v1", kPlain, kKey,
     "fireworks_ai", "fireworks"},
    {"moonshot", "Moonshot AI", kOpenAi, "https://api.moonshot.ai/v1", kPlain, kKey, "moonshot",
     "moonshotai"},
    {"alibaba", "Alibaba Cloud Model Studio", kOpenAi,
     "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", kPlain, kKey, "dashscope", "qwen"},
    {"zai", "Z.ai", kOpenAi, "https://api.z.ai/api/paas/v4", kPlain, kKey, "zai", "zhipu"},
    {"minimax", "MiniMax", kOpenAi, "https://api.minimax.io/v1", kPlain, kKey, "minimax",
     "minimax"},
    {"cohere", "Cohere", kOpenAi, "https://api.cohere.ai/compatibility/v1", kPlain, kKey,
     "cohere_chat", "cohere"},
    {"openrouter", "OpenRouter", kOpenAi, "https://openrouter.ai/api/v1", kPlain, kKey,
     "openrouter", "openrouter"},
    {"perplexity", "Perplexity", kOpenAi, "https://api.perplexity.ai", kPlain, kKey, "perplexity",
     "perplexity"},
    {"deepinfra", "DeepInfra", kOpenAi, "https://api.deepinfra.com/v1/openai", kPlain, kKey,
     "deepinfra", "deepinfra"},
    {"vllm", "vLLM", kOpenAi, "", kPlain, kMaybe, "hosted_vllm", "vllm"},
    {"ollama", "Ollama", kOpenAi, "http://127.0.0.1:11434/v1", kPlain, kMaybe, "ollama", "ollama"},
    {"lmstudio", "LM Studio", kOpenAi, "http://127.0.0.1:1234/v1", kPlain, kMaybe, "lm_studio",
     "lmstudio"},
});

}  // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset* find_preset(std::string_view name) {
  const auto* const found = std::ranges::find(kPresets, name, &Preset::name);
  return found == kPresets.end() ? nullptr : &*found;
}

std::string preset_names() {
  std::string out;
  for (const Preset& preset : kPresets) {
    if (!out.empty()) out += ", ";
    out += preset.name;
  }
  return out;
}

}  // namespace tollgate
