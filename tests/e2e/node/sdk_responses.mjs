// The openai SDK for Node, by its Responses API.
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
  const { responses } = client;
  const conversation = {
    model,
    instructions: ask.system,
    input: [
      { role: "user", content: ask.turns[0] },
      { role: "assistant", content: ask.turns[1] },
      { role: "user", content: ask.turns[2] },
    ],
  };

  function read(answer, more = {}) {
    const { usage } = answer;
    const text = answer.output
      .filter((item) => item.type === "message")
      .flatMap((item) => item.content.map((part) => part.text ?? ""))
      .join("");
    return {
      text,
      stop: answer.status === "completed" ? "stop" : answer.incomplete_details.reason,
      usage: usage
        ? [usage.input_tokens, usage.input_tokens_details?.cached_tokens ?? 0, usage.output_tokens]
        : null,
      model: answer.model,
      ...more,
    };
  }

  async function roundTrip(create, more = {}) {
    const { name, description, schema, answer } = ask.tool;
    const tools = [{ type: "function", name, description, parameters: schema, strict: true }];
    const input = [{ role: "user", content: ask.weather }];
    const first = await create({ model, input, tools, ...more });
    const call = first.output.find((item) => item.type === "function_call");
    for (const item of first.output) {
      const { parsed_arguments: _, ...said } = item; // the helper's own
      input.push(said);
    }
    input.push({ type: "function_call_output", call_id: call.call_id, output: answer });
    const reasoning = first.output.find((item) => item.type === "reasoning");
    const thoughts = reasoning && (reasoning.content?.length ? reasoning.content : reasoning.summary);
    return read(await create({ model, input, tools, ...more }), {
      called: ["tool_calls", call.name, JSON.parse(call.arguments)],
      thinking: thoughts?.[0]?.text ?? null,
    });
  }

  return {
    chat: async () => read(await responses.create(conversation)),
    async stream() {
      const stream = responses.stream(conversation);
      let deltas = 0;
      stream.on("response.output_text.delta", () => (deltas += 1));
      return read(await stream.finalResponse(), { deltas });
    },
    tools: () => roundTrip((request) => responses.create(request)),
    tools_streamed: () => roundTrip((request) => responses.stream(request).finalResponse()),
    thinking: () =>
      roundTrip((request) => responses.create(request), {
        reasoning: { effort: "low" },
        max_output_tokens: ask.max_tokens,
      }),
    async vision() {
      const image = { type: "input_image", image_url: `data:image/png;base64,${ask.png}`, detail: "auto" };
      const content = [{ type: "input_text", text: ask.look }, image];
      return read(await responses.create({ model, input: [{ role: "user", content }] }));
    },
    async structured() {
      const format = { type: "json_schema", name: "person", strict: true, schema: ask.schema };
      const answer = await responses.parse({ model, input: ask.person, text: { format } });
      return read(answer, { object: JSON.parse(answer.output_text) });
    },
    length: async () => read(await responses.create({ model, input: ask.count, max_output_tokens: ask.short })),
    async bounded() {
      const request = { model, input: ask.count, max_output_tokens: ask.short, stream: true };
      let text = "";
      let last;
      for await (last of await responses.create(request)) {
        if (last.type === "response.output_text.delta") text += last.delta;
      }
      if (last.type !== "response.incomplete") throw new Error(`it ended with ${last.type}`);
      return { ...read(last.response), text, usage: null };
    },
    bad_body: async () => read(await responses.create({ model, input: [] })),
  };
}
