// Runs the official openai SDK for Node against a gateway, for test_openai_node.py: reads one JSON
// job from standard input, prints one JSON document {result} or {error: {name, status, code}}.
//   {"call": "chat" | "stream" | "bounded" | "models", "url", "secret", "how": "bearer" | "x-api-key",
//    "model", "prompt" (null: no messages), "prompt_bytes", "max_tokens"}
import process from "node:process";
import { text } from "node:stream/consumers";
import OpenAI from "openai";

const job = JSON.parse(await text(process.stdin));
const client = new OpenAI({
  baseURL: `${job.url}/v1`,
  apiKey: job.how === "bearer" ? job.secret : "unused",
  defaultHeaders:
    job.how === "bearer" ? {} : { "x-api-key": job.secret, authorization: null },
  maxRetries: 0,
});

function messages() {
  if (job.prompt_bytes) return [{ role: "user", content: "x".repeat(job.prompt_bytes) }];
  return job.prompt === null ? [] : [{ role: "user", content: job.prompt }];
}

const calls = {
  async chat() {
    const answer = await client.chat.completions.create({ model: job.model, messages: messages() });
    return answer.choices[0].message.content;
  },
  async stream() {
    const stream = await client.chat.completions.create({
      model: job.model,
      messages: messages(),
      stream: true,
    });
    let said = "";
    for await (const chunk of stream) said += chunk.choices[0]?.delta?.content ?? "";
    return said;
  },
  async bounded() {
    const stream = await client.chat.completions.create({
      model: job.model,
      messages: messages(),
      max_tokens: job.max_tokens,
      stream: true,
    });
    const seen = { said: "", finish_reasons: [] };
    for await (const { choices } of stream) {
      seen.said += choices[0].delta.content ?? "";
      if (choices[0].finish_reason) seen.finish_reasons.push(choices[0].finish_reason);
    }
    return seen;
  },
  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return ids;
  },
};

try {
  console.log(JSON.stringify({ result: await calls[job.call]() }));
} catch (error) {
  const { status, code } = error;
  console.log(JSON.stringify({ error: { name: error.constructor.name, status, code } }));
}
