// Runs the official openai SDK for Node against a gateway, for test_openai_node.py: reads one JSON
// job from standard input, prints one JSON document {result} or {error: {name, status, code}}.
//   {"call": "chat" | "stream" | "bounded" | "models" | "units", "url", "secret", "how": "bearer" | "x-api-key",
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
  // Every route that is no conversation; `models` names one for each, `sound` is base64.
  async units() {
    const sound = Buffer.from(job.sound, "base64");
    const file = await OpenAI.toFile(sound, "speech.wav");
    const embedded = await client.embeddings.create({ model: job.models.embed, input: ["a", "b"] });
    const moderated = await client.moderations.create({ model: job.models.moderate, input: "a" });
    const images = await client.images.generate({ model: job.models.image, prompt: "a fox", n: 2 });
    const spoken = await client.audio.speech.create({
      model: job.models.speech,
      input: "Hello",
      voice: "alloy",
    });
    const heard = await client.audio.transcriptions.create({ model: job.models.transcribe, file });
    const events = [];
    const stream = await client.audio.transcriptions.create({
      file: await OpenAI.toFile(sound, "speech.wav"),
      model: job.models.transcribe,
      stream: true,
    });
    for await (const event of stream) events.push(event.type);
    return {
      embeddings: embedded.data.map((one) => Array.from(one.embedding)),
      flagged: moderated.results[0].flagged,
      images: images.data.map((one) => one.b64_json),
      spoken: Buffer.from(await spoken.arrayBuffer()).toString("base64"),
      heard: heard.text,
      events,
    };
  },
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
