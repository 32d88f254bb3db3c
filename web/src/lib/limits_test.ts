import { describe, expect, it } from "vitest";

import { levelOf, ofText, resetText, sharesOf, spokenLimit, tightest, type LimitLike } from "./limits";

const cost = (used: string, held: string, amount = "25"): LimitLike => ({
  metric: "cost",
  window: "month",
  amount,
  used,
  held,
  remaining: "0",
  resets_at: null,
});

describe("the limit bar", () => {
  it("never draws more than the whole, however much is settled and held", () => {
    for (const [used, held] of [["0", "0"], ["25", "25"], ["12.5", "12.5"], ["30", "1"], ["24.999999999", "9"]] as const) {
      const { settled, held: striped } = sharesOf(cost(used, held));
      expect(settled + striped).toBeLessThanOrEqual(1);
      expect(settled).toBeGreaterThanOrEqual(0);
      expect(striped).toBeGreaterThanOrEqual(0);
    }
  });
  it("shows a hair for the smallest use and is not full before it is full", () => {
    expect(sharesOf(cost("0.000000001", "0")).settled).toBeGreaterThan(0);
    expect(sharesOf(cost("24.999999999", "0")).settled).toBeLessThan(1);
    expect(sharesOf(cost("24.999999999", "0")).full).toBe(false);
    expect(sharesOf(cost("24.999999999", "0.000000001")).full).toBe(true);
  });
  it("is full when the amount is nothing", () => {
    expect(sharesOf(cost("0", "0", "0")).full).toBe(true);
  });
  it("warns from four fifths on, of settled and held together", () => {
    expect(levelOf(cost("19", "0"))).toBe("calm");
    expect(levelOf(cost("10", "10"))).toBe("near");
    expect(levelOf(cost("25", "0"))).toBe("full");
    expect(sharesOf(cost("26", "0")).over).toBe(true);
  });
  it("stands for a key by the limit nearest its end", () => {
    const calm = cost("1", "0");
    const near = cost("20", "4");
    expect(tightest([calm, near])).toBe(near);
    expect(tightest([])).toBeNull();
  });
  it("says its numbers in words that fit the window", () => {
    expect(ofText(cost("0", "0"))).toBe("of $25 / month");
    expect(ofText({ metric: "requests", window: "60s", amount: 60 })).toBe("of 60 requests / minute");
    expect(ofText({ metric: "requests", window: "day", amount: 1 })).toBe("of 1 request / day");
    expect(ofText({ metric: "concurrency", window: null, amount: 4 })).toBe("of 4 at once");
    expect(ofText({ metric: "tokens", window: "30d", amount: 1_000_000 })).toBe("of 1M tokens / 30 days");
    expect(ofText({ metric: "cost", window: "lifetime", amount: "0.5" })).toBe("of $0.50 in all");
    expect(spokenLimit({ ...cost("1.000000001", "2"), remaining: "21.999999999" })).toBe(
      "$1.000000001 used, $2 held, $21.999999999 free of $25 / month",
    );
  });
  it("says when the window turns, where it turns", () => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    expect(resetText({ ...cost("0", "0"), resets_at: "2026-11-21T16:30:00Z" }, now)).toBe("resets in 4 h");
    expect(resetText({ ...cost("0", "0"), resets_at: "2026-11-21T16:30:00Z" }, now, "short")).toBe("resets 4 h");
    expect(resetText(cost("0", "0"), now)).toBeNull();
  });
});
