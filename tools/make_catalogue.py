#!/usr/bin/env python3
"""Makes catalogue/models.json, the catalogue that is built into the binary, of a file of facts about models.

The facts say, model by model, who offers it at which prices. What is kept is what Tollgate uses: the
models' sizes and capabilities, and the offers of the providers that it has a preset for
(src/domain/presets.cc), each under its preset's name. A price or a size that nobody states is left out,
never written as 0. One model per line, so that a new edition shows as the lines that changed.

usage: tools/make_catalogue.py FACTS > catalogue/models.json
"""

import json
import sys

# The facts' name of a provider -> the preset.
PRESETS = {
    "openai": "openai", "anthropic": "anthropic", "google": "google", "azure": "azure", "groq": "groq",
    "togetherai": "together", "mistral": "mistral", "deepseek": "deepseek", "xai": "xai", "cerebras": "cerebras",
    "fireworks": "fireworks", "moonshotai": "moonshot", "alibaba": "alibaba", "zai": "zai", "minimax": "minimax",
    "cohere": "cohere",
}
CAPABILITIES = ["vision", "tools", "audio_input", "file_input", "video_input", "json_schema", "reasoning"]

# Where the facts were read, and when each was last looked at.
SOURCES = [
    {"name": "price and model pages of OpenAI, Anthropic, Google and DeepSeek", "as_of": "2026-10"},
    {"name": "anomalyco/models.dev", "as_of": "2026-10", "licence": "MIT"},
    {"name": "pydantic/genai-prices", "as_of": "2026-08-21", "licence": "MIT"},
    {"name": "Portkey-AI/models", "as_of": "2026-08-21", "licence": "MIT"},
    {"name": "charmbracelet/catwalk", "as_of": "2026-08-22", "licence": "MIT"},
    {"name": "SergeevDmitry/llm-kit", "as_of": "2026-09-07", "licence": "MIT"},
    {"name": "yologdev/yoagent", "as_of": "2026-09-25", "licence": "MIT"},
    {"name": "BerriAI/litellm", "as_of": "2026-10-26", "licence": "MIT"},
]


def stated(values: dict) -> dict:
    return {name: value for name, value in values.items() if value is not None}


def offer_of(facts: dict, model_id: str) -> dict:
    offer = {"preset": PRESETS[facts["provider"]]}
    if facts["upstream_model"] != model_id.split("/", 1)[1]:
        offer["upstream_model"] = facts["upstream_model"]
    for size in ("context_window", "max_output_tokens"):
        if facts.get(size):
            offer[size] = facts[size]
    offer["prices"] = stated(facts["prices"])
    if facts.get("tiers"):
        offer["prices"]["tiers"] = [{"above_input_tokens": tier["above_input_tokens"]} | stated(tier["prices"])
                                    for tier in facts["tiers"]]
    if facts.get("price_changes"):
        offer["price_changes"] = [{"from": change["from"], "prices": stated(change["prices"])}
                                  for change in facts["price_changes"]]
    offer["as_of"] = facts["price_as_of"]
    return offer


def model_of(facts: dict) -> dict:
    model = {"id": facts["id"], "name": facts["name"], "kind": facts["kind"]}
    model |= stated({size: facts[size] for size in ("context_window", "max_output_tokens")})
    model["capabilities"] = stated({name: facts["capabilities"].get(name) for name in CAPABILITIES})
    model["offers"] = [offer_of(offer, facts["id"]) for offer in facts["offers"] if offer["provider"] in PRESETS]
    return model


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().rsplit("\n", 1)[-1])
    with open(sys.argv[1], encoding="utf-8") as file:
        facts = json.load(file)
    print("{")
    print(f'"as_of": {json.dumps(facts["as_of"])},')
    print(f'"sources": {json.dumps(SOURCES)},')
    print('"models": [')
    lines = [json.dumps(model_of(model), ensure_ascii=False) for model in facts["models"]]
    print(",\n".join(lines))
    print("]}")


main()
