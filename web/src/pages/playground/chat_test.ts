import { afterEach, describe, expect, it, vi } from "vitest";

import { call, CallRefused, chatBody, EMPTY_ANSWER, eventReader, withChunk } from "./chat";

describe("the playground's stream", () => {
  it("is read whole wherever its pieces end", () => {
    const stream = 'data: {"a":1}\n\n: a comment\n\ndata: line one\ndata: line two\r\n\r\ndata: [DONE]\n\n';
    for (let size = 1; size <= stream.length; size += 1) {
      const read = eventReader();
      const events: string[] = [];
      for (let at = 0; at < stream.length; at += size) events.push(...read(stream.slice(at, at + size)));
      expect(events).toEqual(['{"a":1}', "line one\nline two", "[DONE]"]);
    }
  });
  it("notes the first token once, and takes tokens and cost from the usage chunk", () => {
    let answer = withChunk(EMPTY_ANSWER, { model: "a/b", choices: [{ delta: {} }] }, 5);
    expect(answer.first_token_ms).toBeNull();
    answer = withChunk(answer, { choices: [{ delta: { content: "Hel" } }] }, 10);
    answer = withChunk(answer, { choices: [{ delta: { content: "lo" } }] }, 20);
    answer = withChunk(answer, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, cost: "0.000125" } }, 30);
    expect(answer).toMatchObject({ text: "Hello", model: "a/b", first_token_ms: 10, latency_ms: 30, input_tokens: 3, output_tokens: 2, cost: "0.000125" });
  });
  it("sends only the settings that were set", () => {
    const messages = [{ role: "user" as const, content: "Hello" }];
    expect(chatBody("a/b", messages, { temperature: "", max_tokens: "", system: " " })).toEqual({
      model: "a/b",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(chatBody("a/b", [], { temperature: "0", max_tokens: "10", system: "Be brief." })).toEqual({
      model: "a/b",
      messages: [{ role: "system", content: "Be brief." }],
      temperature: 0,
      max_tokens: 10,
      stream: true,
      stream_options: { include_usage: true },
    });
  });
});

describe("a call that goes wrong", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  async function refusalOf(body: string, status = 200, headers: Record<string, string> = { "X-Request-Id": "req_header" }) {
    vi.stubGlobal("fetch", async () => new Response(body, { status, headers }));
    const refusal: unknown = await call("a secret", {}, () => undefined, new AbortController().signal).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(CallRefused);
    const { message, requestId } = refusal as CallRefused;
    return { message, requestId };
  }
  it("is told with the id of its request when the stream breaks off with an error", async () => {
    expect(await refusalOf('data: {"error":{"message":"Cut off.","request_id":"req_chunk"}}\n\n')).toEqual({ message: "Cut off.", requestId: "req_chunk" });
    expect(await refusalOf('data: {"error":{"message":"Cut off."}}\n\n')).toEqual({ message: "Cut off.", requestId: "req_header" });
  });
  it("is told with the id of its request when the stream has no end, or there is none", async () => {
    expect((await refusalOf('data: {"choices":[]}\n\n')).requestId).toBe("req_header");
    expect((await refusalOf("not JSON", 502)).requestId).toBe("req_header");
    expect((await refusalOf('{"error":{"request_id":"req_body"}}', 429)).requestId).toBe("req_body");
    expect((await refusalOf("not JSON", 502, {})).requestId).toBeNull();
  });
});
