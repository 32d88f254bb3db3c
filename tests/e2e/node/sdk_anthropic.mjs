// The anthropic SDK for Node.
import Anthropic from "@anthropic-ai/sdk";

export function asker(job) {
  const { ask, model } = job;
  const withoutKey = { authorization: null, "x-api-key": null };
  const keys = {
    key: { apiKey: job.secret },
    none: { apiKey: "unused", defaultHeaders: withoutKey },
    header: { apiKey: "unused", defaultHeaders: { ...withoutKey, "x-api-key": job.secret } },
  };
  const client = new Anthropic({
    baseURL: job.url + (job.prefix ?? ""),
    maxRetries: 0,
    timeout: 30_000,
    ...keys[job.how],
  });
  const base = (content, more = {}) => ({
    model,
    max_tokens: ask.max_tokens,
    messages: [{ role: "user", content }],
    ...more,
  });
  const conversation = base("", {
    system: ask.system,
    messages: [
      { role: "user", content: ask.turns[0] },
      { role: "assistant", content: ask.turns[1] },
      { role: "user", content: ask.turns[2] },
    ],
  });

  function read(answer, more = {}) {
    const { usage } = answer;
    const cached = usage.cache_read_input_tokens ?? 0;
    const input = usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0);
    const texts = answer.content.filter(({ type }) => type === "text").map(({ text }) => text);
    return {
      text: texts.join(""),
      stop: answer.stop_reason,
      usage: [input, cached, usage.output_tokens],
      model: answer.model,
      ...more,
    };
  }

  async function roundTrip(create, more = {}) {
    const { name, description, schema, answer } = ask.tool;
    const tools = [{ name, description, input_schema: schema }];
    const first = await create(base(ask.weather, { tools, ...more }));
    const call = first.content.find(({ type }) => type === "tool_use");
    const messages = [
      { role: "user", content: ask.weather },
      { role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: answer }] },
    ];
    return read(await create(base("", { tools, ...more, messages })), {
      called: [first.stop_reason === "tool_use" ? "tool_calls" : first.stop_reason, call.name, call.input],
      thinking: first.content.find(({ type }) => type === "thinking")?.thinking ?? null,
    });
  }

  return {
    chat: async () => read(await client.messages.create(conversation)),
    async stream() {
      const stream = client.messages.stream(conversation);
      let deltas = 0;
      stream.on("text", () => (deltas += 1));
      return read(await stream.finalMessage(), { deltas });
    },
    tools: () => roundTrip((request) => client.messages.create(request)),
    tools_streamed: () => roundTrip((request) => client.messages.stream(request).finalMessage()),
    thinking: () =>
      roundTrip((request) => client.messages.create(request), {
        thinking: { type: "enabled", budget_tokens: ask.budget },
      }),
    async vision() {
      const source = { type: "base64", media_type: "image/png", data: ask.png };
      return read(await client.messages.create(base([{ type: "image", source }, { type: "text", text: ask.look }])));
    },
    async structured() {
      const format = { type: "json_schema", schema: ask.schema };
      const answer = read(await client.messages.create(base(ask.person, { output_config: { format } })));
      return { ...answer, object: JSON.parse(answer.text) };
    },
    stop: async () => read(await client.messages.create(base(ask.count, { stop_sequences: [ask.stop] }))),
    length: async () => read(await client.messages.create(base(ask.count, { max_tokens: ask.short }))),
    async bounded() {
      const stream = client.messages.stream(base(ask.count, { max_tokens: ask.short }));
      return { ...read(await stream.finalMessage()), usage: null };
    },
    async count_tokens() {
      const { max_tokens, ...request } = conversation;
      return { input_tokens: (await client.messages.countTokens(request)).input_tokens };
    },
    bad_body: async () => read(await client.messages.create(base("", { messages: [] }))),
  };
}
