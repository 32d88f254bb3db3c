// The providers that the gateway knows by name: with one of these, a credential is all that is needed.

export interface ProviderPreset {
  id: string;
  name: string;
  local?: boolean; // runs on a machine of one's own: an address instead of a credential
}

export const PROVIDER_PRESETS: ProviderPreset[] = [
  { id: "openai", name: "OpenAI" },
  { id: "anthropic", name: "Anthropic" },
  { id: "google", name: "Google" },
  { id: "azure", name: "Azure OpenAI", local: true },
  { id: "mistral", name: "Mistral" },
  { id: "deepseek", name: "DeepSeek" },
  { id: "xai", name: "xAI" },
  { id: "groq", name: "Groq" },
  { id: "cerebras", name: "Cerebras" },
  { id: "together", name: "Together" },
  { id: "fireworks", name: "Fireworks" },
  { id: "openrouter", name: "OpenRouter" },
  { id: "cohere", name: "Cohere" },
  { id: "perplexity", name: "Perplexity" },
  { id: "deepinfra", name: "DeepInfra" },
  { id: "moonshot", name: "Moonshot" },
  { id: "alibaba", name: "Alibaba" },
  { id: "zai", name: "Z.ai" },
  { id: "minimax", name: "MiniMax" },
  { id: "vllm", name: "vLLM", local: true },
  { id: "ollama", name: "Ollama", local: true },
  { id: "lmstudio", name: "LM Studio", local: true },
];
