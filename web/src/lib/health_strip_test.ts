import { describe, expect, it } from "vitest";

import { HEALTH_SLOTS, remember, type HealthSlot } from "./health_strip";

describe("the strip of health", () => {
  it("keeps five minutes, one slot for ten seconds, the last seen of each", () => {
    let slots: HealthSlot[] = [];
    for (let second = 0; second < 600; second += 5) slots = remember(slots, { at: second * 1000, state: second % 10 ? "late" : "early", share: 1 });
    expect(slots).toHaveLength(HEALTH_SLOTS);
    expect(new Set(slots.map((slot) => slot.state))).toEqual(new Set(["late"]));
    expect(slots[0]!.at).toBe(305_000);
  });
});
