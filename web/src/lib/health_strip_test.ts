import { describe, expect, it } from "vitest";

import { stripOf } from "./health_strip";

const slot = (successes: number, failures: number) => stripOf([{ at: "2026-11-21T10:00:00Z", successes, failures }])[0]!;

describe("the strip of health", () => {
  it("has the states that routing knows, at the same bounds", () => {
    expect(slot(95, 5).state).toBe("healthy");
    expect(slot(94, 6).state).toBe("degraded");
    expect(slot(70, 30).state).toBe("degraded");
    expect(slot(69, 31).state).toBe("down");
    expect(slot(0, 1).state).toBe("down");
  });
  it("tells a half minute without attempts from one that failed", () => {
    expect(slot(0, 0)).toMatchObject({ state: "idle", says: "no attempt" });
    expect(slot(9, 1).says).toBe("1 of 10 failed");
  });
});
