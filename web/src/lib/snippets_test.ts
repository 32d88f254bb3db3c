import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { firstCall, LANGUAGES, snippet } from "./snippets";

const token = `sk-tg-${"x".repeat(42)}`;
const nasty = `it's "quoted" \\ $HOME \`id\` \n€ 😀`;

describe("snippets", () => {
  it("carry the token and the gateway's own address in every language", () => {
    for (const { id } of LANGUAGES) {
      const code = snippet(id, firstCall("https://gate.example", token, "sandbox", []));
      expect(code).toContain(token);
      expect(code).toContain("https://gate.example/v1");
    }
  });
  it("give a shell exactly the body that was meant, whatever stands in a prompt", () => {
    const body = { model: "acme/large", messages: [{ role: "user", content: nasty }] };
    const code = snippet("curl", { origin: "https://gate.example", token, body });
    const script = code.replace(/^curl /, "printf '%s\\0' ");
    const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0");
    expect(JSON.parse(words[words.indexOf("-d") + 1]!)).toEqual(body);
    expect(words).toContain(`Authorization: Bearer ${token}`);
  });
  it("give Python exactly the arguments that were meant", () => {
    const body = {
      model: "acme/large",
      messages: [{ role: "user", content: nasty }],
      temperature: 0.5,
      stream: true,
      stop: null,
    };
    const code = snippet("python", { origin: "https://gate.example", token, body });
    const call = code.slice(code.indexOf("client.chat"), code.lastIndexOf("\n)") + 2);
    const program = `import json\nprint(json.dumps(${call.replace("client.chat.completions.create", "dict")}))`;
    expect(JSON.parse(execFileSync("python3", ["-c", program], { encoding: "utf8" }))).toEqual(body);
    expect(code).toContain("for chunk in answer");
  });
  it("ask for a model that the key may call", () => {
    expect(firstCall("", token, "sandbox", ["acme/large"]).body.model).toBe("sandbox/echo");
    expect(firstCall("", token, "production", ["openai/*", "acme/large"]).body.model).toBe("acme/large");
    expect(firstCall("", token, "production", []).body.model).toBe("tollgate/auto");
  });
});
