import { describe, expect, it } from "vitest";

import { formatCompact, formatDays, formatDecimal, formatExact, formatMs, formatRelative, formatShare, joinWords } from "./format";

const NOW = Date.parse("2026-11-21T12:00:00Z");

it("decimals keep what can be spent, thousands apart", () => {
  expect(["0", "178454.71918", "-2500", "1000.10", "999.999"].map(formatDecimal)).toEqual(["0", "178,454.71", "-2,500", "1,000.1", "999.99"]);
});

describe("numbers", () => {
  it("shows what is not quite all as less than all, and what is not quite nothing as more", () => {
    expect(formatShare(1)).toBe("100 %");
    expect(formatShare(0.99999)).toBe("99.9 %");
    expect(formatShare(0.998)).toBe("99.8 %");
    expect(formatShare(0.0001)).toBe("< 0.1 %");
    expect(formatShare(0)).toBe("0 %");
    expect(formatShare(0.002)).toBe("0.2 %");
    expect(formatShare(0.456)).toBe("46 %");
    expect(formatShare(Number.NaN)).toBe("–");
  });
  it("shortens only what is long", () => {
    expect(formatCompact(1022)).toBe("1,022");
    expect(formatCompact(41_203)).toBe("41.2K");
    expect(formatMs(12)).toBe("12 ms");
    expect(formatMs(1234)).toBe("1.23 s");
    expect(formatMs(61_000)).toBe("1 min 1 s");
  });
});

describe("times", () => {
  it("are told from now, before and after", () => {
    expect(formatRelative("2026-11-21T11:58:00Z", NOW)).toBe("2 min ago");
    expect(formatRelative("2026-11-21T16:00:00Z", NOW)).toBe("in 4 h");
    expect(formatRelative("2026-11-21T11:59:58Z", NOW)).toBe("just now");
    expect(formatRelative(null, NOW)).toBe("never");
    expect(formatDays(6 * 86_400_000)).toBe("6 days");
    expect(formatDays(86_400_000)).toBe("1 day");
  });
  it("are exact in UTC wherever the reader is", () => {
    expect(formatExact("2026-11-21T10:15:30.123456Z")).toBe("21 Nov 2026, 10:15:30 UTC");
  });
  it("join as a sentence does", () => {
    expect(joinWords(["a"])).toBe("a");
    expect(joinWords(["a", "b", "c"])).toBe("a, b and c");
  });
});
