// Runs the official SDKs for Node against a gateway, for harness/sdk_node.py: reads JSON jobs from standard
// input, a line each, and prints for each a line with the outcome, or {error: {name, status, code}}.
//   {"sdk": "openai" | "openai-responses" | "anthropic" | "ai-…", "call", "url", "secret", "model", "how", "ask"}
// how: "key" as the SDK sends it, "header" the other way of x-api-key and Bearer, "none" without.
// `ask` holds the questions (harness/sdk_questions.py), where an outcome's shape is told, too.
import process from "node:process";
import { createInterface } from "node:readline";
import * as ai from "./sdk_vercel.mjs";
import * as anthropic from "./sdk_anthropic.mjs";
import * as openai from "./sdk_openai.mjs";
import * as responses from "./sdk_responses.mjs";

const sdks = {
  openai: openai.asker,
  anthropic: anthropic.asker,
  "openai-responses": responses.asker,
  "ai-openai": ai.askerOfOpenAi,
  "ai-responses": ai.askerOfResponses,
  "ai-anthropic": ai.askerOfAnthropic,
};

async function outcome(job) {
  try {
    return await sdks[job.sdk](job)[job.call]();
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) throw error; // a mistake in here
    return { error: { name: error.name === "Error" ? error.constructor.name : error.name, ...facts(error) } };
  }
}

function facts(error) {
  const body = error.responseBody ? JSON.parse(error.responseBody) : (error.error ?? {});
  const said = body.error ?? body;
  return {
    status: error.status ?? error.statusCode,
    code: error.code ?? said.code,
    request_id: error.requestID ?? error.responseHeaders?.["x-request-id"],
    message: error.message,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await outcome(JSON.parse(line))));
}
