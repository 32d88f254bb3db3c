// The openai SDK for Node.
import OpenAI from "openai";

export function asker(job) {
  const { ask, model } = job;
  const headers = { authorization: null, ...(job.secret && { "x-api-key": job.secret }) };
  const client = new OpenAI({
    baseURL: job.url + (job.prefix ?? "/v1"),
    apiKey: job.secret ?? "unused",
    defaultHeaders: job.how === "key" ? {} : headers,
    maxRetries: 0,
    timeout: 30_000,
  });
  const chat = client.chat.completions;
  const user = (content) => [{ role: "user", content }];
  const conversation = [
    { role: "system", content: ask.system },
    { role: "user", content: ask.turns[0] },
    { role: "assistant", content: ask.turns[1] },
    { role: "user", content: ask.turns[2] },
  ];

  function read(answer, more = {}) {
    const { message, finish_reason } = answer.choices[0];
    const { usage } = answer;
    return {
      text: message.content ?? "",
      stop: finish_reason,
      usage: usage
        ? [usage.prompt_tokens, usage.prompt_tokens_details?.cached_tokens ?? 0, usage.completion_tokens]
        : null,
      model: answer.model,
      ...more,
    };
  }

  async function roundTrip(create, more = {}) {
    const { name, description, schema, answer } = ask.tool;
    const tools = [{ type: "function", function: { name, description, parameters: schema, strict: true } }];
    const messages = user(ask.weather);
    const { message, finish_reason } = (await create({ model, messages, tools, ...more })).choices[0];
    const call = message.tool_calls[0];
    delete message.parsed; // the helper's own
    messages.push(message, { role: "tool", tool_call_id: call.id, content: answer });
    return read(await create({ model, messages, tools, ...more }), {
      called: [finish_reason, call.function.name, JSON.parse(call.function.arguments)],
      thinking: message.reasoning_content ?? null,
    });
  }

  return {
    chat: async () => read(await chat.create({ model, messages: conversation })),
    async stream() {
      const options = { stream_options: { include_usage: true } };
      const stream = chat.stream({ model, messages: conversation, ...options });
      let deltas = 0;
      stream.on("content", () => (deltas += 1));
      return read(await stream.finalChatCompletion(), { deltas });
    },
    tools: () => roundTrip((request) => chat.create(request)),
    tools_streamed: () => roundTrip((request) => chat.stream(request).finalChatCompletion()),
    thinking: () =>
      roundTrip((request) => chat.create(request), {
        reasoning_effort: "low",
        max_completion_tokens: ask.max_tokens,
      }),
    async vision() {
      const image = { type: "image_url", image_url: { url: `data:image/png;base64,${ask.png}` } };
      const messages = user([{ type: "text", text: ask.look }, image]);
      return read(await chat.create({ model, messages }));
    },
    async structured() {
      const json_schema = { name: "person", strict: true, schema: ask.schema };
      const answer = await chat.parse({
        model,
        messages: user(ask.person),
        response_format: { type: "json_schema", json_schema },
      });
      return read(answer, { object: JSON.parse(answer.choices[0].message.content) });
    },
    stop: async () => read(await chat.create({ model, messages: user(ask.count), stop: [ask.stop] })),
    length: async () => read(await chat.create({ model, messages: user(ask.count), max_tokens: ask.short })),
    async bounded() {
      const request = { model, messages: user(ask.count), max_tokens: ask.short };
      return { ...read(await chat.stream(request).finalChatCompletion()), usage: null };
    },
    bad_body: async () => read(await chat.create({ model, messages: [] })),
  };
}
