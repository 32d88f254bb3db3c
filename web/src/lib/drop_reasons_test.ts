import { describe, expect, it } from "vitest";

import { reasonText, restText } from "./drop_reasons";

describe("why offers were dropped", () => {
  it("is told in words, and a reason that is new by its name", () => {
    expect(reasonText("tier_floor")).toBe("below the tier floor");
    expect(reasonText("phase_of_moon")).toBe("phase of moon");
  });

  it("is counted only for what is not listed", () => {
    expect(restText([{ why: "down" }], { down: 1 })).toBe("");
    expect(restText([{ why: "down" }], { down: 3, kind: 12 })).toBe("2 down · 12 another kind of model");
  });
});
