// The Vercel AI SDK, with its providers for OpenAI's chat completions and responses, and for Anthropic's
// messages.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";

export function askerOfOpenAi(job) {
  const settings = { baseURL: job.url + (job.prefix ?? "/v1"), apiKey: job.secret ?? "unused" };
  if (job.how !== "key") settings.fetch = withHeaders("authorization", "x-api-key", job.secret);
  return asker(job, createOpenAI(settings).chat(job.model), {});
}

// Nothing is left at the provider: what a turn said goes back whole.
export function askerOfResponses(job) {
  const settings = { baseURL: job.url + (job.prefix ?? "/v1"), apiKey: job.secret ?? "unused" };
  if (job.how !== "key") settings.fetch = withHeaders("authorization", "x-api-key", job.secret);
  // It would take a model that it does not know for one that does not reason, and drop what came back.
  const openai = { store: false, forceReasoning: true, reasoningEffort: "low" };
  return asker(job, createOpenAI(settings).responses(job.model), { openai });
}

export function askerOfAnthropic(job) {
  const settings = { baseURL: job.url + (job.prefix ?? "") + "/v1", apiKey: job.secret ?? "unused" };
  if (job.how === "header") {
    delete settings.apiKey; // this SDK's own way is x-api-key: the other one is Bearer
    settings.authToken = job.secret;
  }
  if (job.how === "none") settings.fetch = withHeaders("x-api-key", "x-api-key", null);
  // Otherwise it decides by the names of models that it knows.
  const anthropic = { structuredOutputMode: "outputFormat" };
  return asker(job, createAnthropic(settings)(job.model), { anthropic });
}

// Takes one header away and sends another: what the SDK has no setting for.
function withHeaders(removed, added, value) {
  return (url, request) => {
    const headers = new Headers(request.headers);
    headers.delete(removed);
    if (value) headers.set(added, value);
    return fetch(url, { ...request, headers });
  };
}

function asker(job, model, providerOptions) {
  const { ask } = job;
  const base = { model, providerOptions, maxRetries: 0, maxOutputTokens: ask.max_tokens };
  const conversation = {
    ...base,
    instructions: ask.system,
    messages: [
      { role: "user", content: ask.turns[0] },
      { role: "assistant", content: ask.turns[1] },
      { role: "user", content: ask.turns[2] },
    ],
  };
  const quiet = { onError() {} }; // it would print what it throws, too

  async function read(answer, more = {}) {
    const usage = await answer.usage;
    return {
      text: await answer.text,
      stop: await answer.finishReason,
      usage: [usage.inputTokens, usage.inputTokenDetails?.cacheReadTokens ?? 0, usage.outputTokens],
      ...more,
    };
  }

  // The SDK calls the tool and sends its answer back by itself.
  async function roundTrip(generate, more = {}) {
    const { name, description, schema, answer } = ask.tool;
    const tools = {
      [name]: tool({ description, inputSchema: jsonSchema(schema), execute: async () => answer }),
    };
    const result = generate({ ...base, prompt: ask.weather, tools, stopWhen: stepCountIs(2), ...more });
    const settled = await result;
    const [first, last] = await settled.steps;
    const [call] = first.toolCalls;
    return read(last, {
      called: [first.finishReason === "tool-calls" ? "tool_calls" : first.finishReason, call.toolName, call.input],
      thinking: first.reasoningText ?? null,
    });
  }

  async function streamed(request) {
    let failure;
    const result = streamText({ ...request, onError: ({ error }) => (failure = error) });
    for await (const part of result.fullStream) if (part.type === "error") failure ??= part.error;
    if (failure) throw failure;
    return result;
  }

  return {
    chat: async () => read(await generateText(conversation)),
    async stream() {
      const result = streamText({ ...conversation, ...quiet });
      let deltas = 0;
      for await (const part of result.fullStream) {
        if (part.type === "error") throw part.error;
        deltas += part.type === "text-delta" ? 1 : 0;
      }
      return read(result, { deltas });
    },
    tools: () => roundTrip(generateText),
    tools_streamed: () => roundTrip(streamed),
    thinking: () =>
      roundTrip(generateText, {
        providerOptions: {
          ...providerOptions,
          anthropic: { ...providerOptions.anthropic, thinking: { type: "enabled", budgetTokens: ask.budget } },
        },
      }),
    async vision() {
      const image = { type: "file", mediaType: "image/png", data: ask.png };
      const content = [{ type: "text", text: ask.look }, image];
      return read(await generateText({ ...base, messages: [{ role: "user", content }] }));
    },
    async structured() {
      const output = Output.object({ schema: jsonSchema(ask.schema), name: "person" });
      const answer = await generateText({ ...base, prompt: ask.person, output });
      return read(answer, { object: answer.output });
    },
    stop: async () => read(await generateText({ ...base, prompt: ask.count, stopSequences: [ask.stop] })),
    length: async () => read(await generateText({ ...base, prompt: ask.count, maxOutputTokens: ask.short })),
    async bounded() {
      return { ...(await read(await streamed({ ...base, prompt: ask.count, maxOutputTokens: ask.short }))), usage: null };
    },
  };
}
