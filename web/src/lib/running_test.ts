import { describe, expect, it } from "vitest";

import { apart, endsRunning } from "./running";

const HOUR = 3600;

describe("the stretch that a chart ends with", () => {
  it("runs until its end, and not a moment longer", () => {
    expect(endsRunning([0, HOUR], HOUR)).toBe(true);
    expect(endsRunning([0, HOUR], 2 * HOUR - 1)).toBe(true);
    expect(endsRunning([0, HOUR], 2 * HOUR)).toBe(false);
  });

  it("is not known of a single moment", () => {
    expect(endsRunning([HOUR], HOUR)).toBe(false);
  });

  it("is drawn apart from what has ended, from where that ends", () => {
    expect(apart([4, 5, 2], "line")).toEqual({ ended: [4, 5, null], running: [null, 5, 2] });
  });

  it("is one bar by itself", () => {
    expect(apart([4, 5, 2], "bars")).toEqual({ ended: [4, 5, null], running: [null, null, 2] });
  });

  it("begins at the last hour that was measured", () => {
    expect(apart([4, null, 2], "line")).toEqual({ ended: [4, null, null], running: [4, null, 2] });
  });

  it("stands alone where nothing was measured before it", () => {
    expect(apart([null, null, 2], "line")).toEqual({ ended: [null, null, null], running: [null, null, 2] });
    expect(apart([7], "line")).toEqual({ ended: [null], running: [7] });
  });
});
