import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { AWAY_MS, watchPresence } from "@/lib/presence";

vi.stubGlobal("location", { origin: "http://127.0.0.1:8080" });
const { send } = await import("./client");

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
