// What a person pastes to make the first call with a new key, and the playground's "code for exactly
// this call". The token stands in them, so they live as long as the page that shows them, no longer.

export type Language = "curl" | "python" | "typescript" | "env";

export const LANGUAGES: { id: Language; name: string }[] = [
  { id: "curl", name: "curl" },
  { id: "python", name: "Python" },
  { id: "typescript", name: "TypeScript" },
  { id: "env", name: ".env" },
];

export interface Call {
  origin: string; // https://gateway.example
  token: string;
  body: { model: string; messages: { role: string; content: string }[]; [setting: string]: unknown };
}

// Inside single quotes a shell takes everything but the quote itself.
const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

// JSON is Python but for three words.
function python(value: unknown, indent: string): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((v) => `${indent}    ${python(v, `${indent}    `)},\n`).join("")}${indent}]`;
  }
  if (typeof value === "object") {
    const members = Object.entries(value as object);
    return `{${members.map(([k, v]) => `${JSON.stringify(k)}: ${python(v, indent)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

function typescript(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return `[\n${value.map((v) => `${indent}  ${typescript(v, `${indent}  `)},\n`).join("")}${indent}]`;
  }
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value);
    return `{ ${members.map(([k, v]) => `${k}: ${typescript(v, indent)}`).join(", ")} }`;
  }
  return JSON.stringify(value);
}

export function snippet(language: Language, { origin, token, body }: Call): string {
  const url = `${origin}/v1`;
  const members = Object.entries(body);
  switch (language) {
    case "curl":
      return [
        `curl ${url}/chat/completions \\`,
        `  -H ${shell(`Authorization: Bearer ${token}`)} \\`,
        `  -H 'Content-Type: application/json' \\`,
        `  -d ${shell(JSON.stringify(body))}`,
      ].join("\n");
    case "python":
      return [
        "from openai import OpenAI",
        "",
        "client = OpenAI(",
        `    base_url=${JSON.stringify(url)},`,
        `    api_key=${JSON.stringify(token)},`,
        ")",
        "answer = client.chat.completions.create(",
        ...members.map(([name, value]) => `    ${name}=${python(value, "    ")},`),
        ")",
        body["stream"] === true
          ? 'for chunk in answer:\n    print(chunk.choices[0].delta.content or "", end="")'
          : "print(answer.choices[0].message.content)",
      ].join("\n");
    case "typescript":
      return [
        'import OpenAI from "openai";',
        "",
        "const client = new OpenAI({",
        `  baseURL: ${JSON.stringify(url)},`,
        `  apiKey: ${JSON.stringify(token)},`,
        "});",
        "const answer = await client.chat.completions.create({",
        ...members.map(([name, value]) => `  ${name}: ${typescript(value, "  ")},`),
        "});",
        body["stream"] === true
          ? 'for await (const chunk of answer) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");'
          : "console.log(answer.choices[0].message.content);",
      ].join("\n");
    case "env":
      return [`OPENAI_BASE_URL=${url}`, `OPENAI_API_KEY=${token}`].join("\n");
  }
}

// The first call that surely works with the key: a sandbox key reaches the sandbox only.
export function firstCall(origin: string, token: string, environment: string, models: string[]): Call {
  const named = models.find((model) => !model.includes("*"));
  const model = environment === "sandbox" ? "sandbox/echo" : (named ?? "tollgate/auto");
  return { origin, token, body: { model, messages: [{ role: "user", content: "Hello" }] } };
}
