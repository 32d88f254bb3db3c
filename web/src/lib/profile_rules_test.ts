import { describe, expect, it } from "vitest";

import { changedRules, rulesOf, sentenceOf } from "./profile_rules";

describe("a profile's rules", () => {
  it("read as a sentence", () => {
    expect(sentenceOf({ name: "a" })).toBe("Balances health, price and speed.");
    expect(sentenceOf({ name: "a", strategy: "cheapest", models: ["openai/*"], tier_floor: "LIGHT", tier_ceiling: "STANDARD", region: "eu", cost_cap: "0.05" })).toBe(
      "Chooses the cheapest of openai/*, from LIGHT to STANDARD, in eu only, for at most $0.05 a request.",
    );
    expect(sentenceOf({ name: "a", strategy: ["x/y", "z/w"] })).toBe("Tries x/y, z/w in this order.");
  });
  it("are sent only where they differ, and null takes a cap away", () => {
    const before = { name: "a", strategy: "balanced", cost_cap: "1", models: ["a/b"] };
    expect(changedRules(before, { ...before })).toEqual({});
    expect(changedRules(before, { ...before, cost_cap: null, models: [] })).toEqual({ cost_cap: null, models: [] });
  });
  it("leave out what stands beside them in the document", () => {
    expect(rulesOf({ id: "prof_1", name: "a", key: null, models: [] } as never)).toEqual({ name: "a", models: [] });
  });
});
