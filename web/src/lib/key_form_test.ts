import { describe, expect, it } from "vitest";

import { createBody, EMPTY_DRAFT, expiryOf, policySentence, PRESETS, problemsOf, readAmount, summaryOf } from "./key_form";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const draft = (changes: object) => ({ ...EMPTY_DRAFT, name: "shop", ...changes });

describe("the create dialog", () => {
  it("needs a name and nothing else", () => {
    expect(problemsOf(EMPTY_DRAFT).map((problem) => problem.param)).toEqual(["name"]);
    expect(createBody(draft({}), NOW)).toEqual({ name: "shop", environment: "production" });
  });
  it("reads amounts as people write them, and refuses what it would have to guess", () => {
    expect(readAmount("cost", "$1,000.50")).toBe("1000.50");
    expect(readAmount("tokens", "1.5M")).toBe(1_500_000);
    expect(readAmount("requests", "50k")).toBe(50_000);
    for (const text of ["", "-1", "1e3", "ten", "1.5", "0.0000001M"]) expect(readAmount("tokens", text)).toBeNull();
    expect(readAmount("cost", "0.0000000001")).toBeNull();
  });
  it("refuses the same limit twice, because a limit is its metric and window", () => {
    const limits = [
      { metric: "cost", window: "day", amount: "1" },
      { metric: "cost", window: "day", amount: "2" },
    ];
    expect(problemsOf(draft({ limits })).map((problem) => problem.param)).toEqual(["limits[1].window"]);
  });
  it("sends a window for every limit but concurrency", () => {
    const limits = [
      { metric: "concurrency", window: "", amount: "4" },
      { metric: "cost", window: "month", amount: "25" },
    ];
    expect(createBody(draft({ limits }), NOW)["limits"]).toEqual([
      { metric: "concurrency", amount: 4 },
      { metric: "cost", window: "month", amount: "25" },
    ]);
  });
  it("sends nothing to a management key that management keys do not have", () => {
    const body = createBody(draft({ type: "management", role: "member", models: ["a/b"], limits: [] }), NOW);
    expect(body).toEqual({ name: "shop", type: "management", role: "member" });
  });
  it("tells every folded line's present value", () => {
    const server = draft(PRESETS[0]!.apply);
    expect(summaryOf.limits(draft({}))).toBe("none");
    expect(summaryOf.limits(server)).toBe("$100 / month · 600 requests / minute · 50 at once");
    expect(summaryOf.scope(draft({ models: ["openai/*"], region: "eu-west", allowed_ips: ["10.0.0.0/8"] }))).toBe(
      "openai/* · eu-west · 1 network",
    );
    expect(summaryOf.expiry(draft({ expires: "90d" }))).toBe("in 90 days");
    expect(summaryOf.expiry(draft({ expires: "2027-03-01" }))).toBe("1 Mar 2027");
    expect(summaryOf.details(draft({}))).toBe("none");
    expect(summaryOf.details(draft({ icon: "flask", tags: ["shop"] }))).toBe("flask icon · #shop");
    expect(expiryOf("30d", NOW)).toBe("2026-12-21T12:00:00.000Z");
  });
  it("offers presets that can be created as they are", () => {
    for (const preset of PRESETS) expect(problemsOf(draft(preset.apply))).toEqual([]);
  });
});

describe("a policy", () => {
  it("reads as a sentence", () => {
    const key = {
      type: "standard",
      models: ["openai/*"],
      region: "eu-west",
      allowed_ips: ["10.0.0.0/8", "192.0.2.1/32"],
      expires_at: "2027-03-01T00:00:00Z",
      environment: "production",
    };
    expect(policySentence(key)).toBe("May call openai/* in eu-west, from 2 networks, until 1 Mar 2027.");
    expect(policySentence({ ...key, type: "management", role: "viewer", allowed_ips: [], expires_at: null })).toBe(
      "May read its workspace.",
    );
  });
});
