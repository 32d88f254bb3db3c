import { describe, expect, it, vi } from "vitest";

import { createBody, EMPTY_DRAFT } from "./key_form";
import { Once, secretLost } from "./once";

describe("a thing asked for", () => {
  it("is asked for again with the key of the first time, so that it is made once", () => {
    const once = new Once();
    const first = once.ask({ name: "a", grace_seconds: 60 });
    expect(first.key).toMatch(/^ui-[0-9a-f-]{36}$/);
    expect(once.ask({ name: "a", grace_seconds: 60 })).toEqual(first);
  });
  it("is another thing when anything of it changes, and then has a key of its own", () => {
    const once = new Once();
    const keys = [{ name: "a" }, { name: "b" }, { name: "b", grace_seconds: 0 }, { name: "a" }].map((wish) => once.ask(wish).key);
    expect(new Set(keys).size).toBe(4);
  });
  it("may be wanted a second time once it was made", () => {
    const once = new Once();
    const first = once.ask({ name: "a" }).key;
    once.done();
    expect(once.ask({ name: "a" }).key).not.toBe(first);
  });
  it("expires when it did the first time, for a body that moves with the clock is another body", () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-21T12:00:00Z") });
    const once = new Once();
    const draft = { ...EMPTY_DRAFT, name: "a", expires: "30d" };
    const send = () => createBody(draft, once.ask(draft).at);
    const first = send();
    vi.advanceTimersByTime(5_000);
    expect(send()).toEqual(first);
    vi.useRealTimers();
  });
});

describe("a secret", () => {
  it("is lost when what it belongs to was made and told without it", () => {
    expect(secretLost({})).toBe(true);
    expect(secretLost({ secret: "" })).toBe(true);
    expect(secretLost({ secret: "shown" })).toBe(false);
    expect(secretLost(null)).toBe(false);
    expect(secretLost(undefined)).toBe(false);
  });
});
