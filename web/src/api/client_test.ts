import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { AWAY_MS, watchPresence } from "@/lib/presence";

vi.stubGlobal("location", { origin: "http://127.0.0.1:8080" });
const { api, send, unwrap } = await import("./client");
const { isReachable } = await import("./reachable");

describe("a request", () => {
  const page = new EventTarget();
  const said: (string | null)[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", async (request: Request) => {
      said.push(request.headers.get("X-Tollgate-Unattended"));
      return new Response("{}");
    });
    watchPresence(page);
    page.dispatchEvent(new Event("keydown"));
    said.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("says so when nobody touched the page for some minutes, and no sooner", async () => {
    await send("GET", "/admin/v1/overview");
    vi.advanceTimersByTime(AWAY_MS - 1);
    await send("GET", "/admin/v1/overview");
    vi.advanceTimersByTime(1);
    await send("GET", "/admin/v1/overview");
    await send("GET", "/admin/v1/overview");
    expect(said).toEqual([null, null, "true", "true"]);
  });

  it.each(["keydown", "pointerdown", "pointermove", "wheel", "click", "focus"])("says nothing any more after a %s", async (sign) => {
    vi.advanceTimersByTime(AWAY_MS);
    page.dispatchEvent(new Event(sign));
    await send("GET", "/admin/v1/overview");
    expect(said).toEqual([null]);
  });
});

describe("an answer", () => {
  const answered = (make: () => Response | Promise<Response>) => vi.stubGlobal("fetch", async () => make());
  const asks = [
    ["send", () => send("GET", "/admin/v1/overview")],
    ["unwrap", () => unwrap(api.GET("/admin/v1/workspaces", { params: { query: {} } }))],
  ] as const;

  it.each(asks)("that is no document is told as somebody else's, not as a mistake of the page (%s)", async (_, ask) => {
    for (const body of ["<h1>Log in</h1>", '{"data": [', ""]) {
      answered(() => new Response(body, { status: 200 }));
      await expect(ask()).rejects.toMatchObject({ name: "Problem", code: "unreadable" });
    }
    expect(isReachable()).toBe(true);
  });
  it.each(asks)("that is cut on its way is one that never came (%s)", async (_, ask) => {
    answered(() => new Response(new ReadableStream({ start: (body) => body.error(new TypeError("network error")) }), { status: 200 }));
    await expect(ask()).rejects.toMatchObject({ status: 0, code: "unreachable" });
    expect(isReachable()).toBe(false);
    answered(() => new Response("{}", { headers: { "X-Request-Id": "req_1" } }));
    await ask();
    expect(isReachable()).toBe(true);
  });
  it.each(asks)("of a proxy whose gateway is gone is not the gateway's (%s)", async (_, ask) => {
    answered(() => new Response("<h1>502 Bad Gateway</h1>", { status: 502 }));
    await expect(ask()).rejects.toMatchObject({ status: 502 });
    expect(isReachable()).toBe(false);
    answered(() => new Response('{"error": {"message": "Not now.", "code": "overloaded"}}', { status: 503, headers: { "X-Request-Id": "req_2" } }));
    await expect(ask()).rejects.toMatchObject({ status: 503, message: "Not now.", requestId: "req_2" });
    expect(isReachable()).toBe(true);
  });
  it.each(asks)("that is given up is no news of the gateway (%s)", async (_, ask) => {
    answered(() => Promise.reject(new DOMException("given up", "AbortError")));
    await expect(ask()).rejects.toMatchObject({ name: "AbortError" });
    expect(isReachable()).toBe(true);
  });
});
