import { describe, expect, it } from "vitest";

import { forecast } from "./forecast";

const NOW = Date.parse("2026-11-21T00:00:00Z");

describe("the forecast", () => {
  it("is the day on which the mean of the last days has spent what is left", () => {
    expect(forecast("10", ["1", "3"], NOW)).toEqual({ kind: "on", on: "2026-11-26T00:00:00.000Z", perDay: "2" });
    expect(forecast("3", ["2", "2"], NOW)).toEqual({ kind: "on", on: "2026-11-22T12:00:00.000Z", perDay: "2" });
  });
  it("says nothing of a day where nothing is charged, or it is further than anyone plans", () => {
    expect(forecast("10", ["0", "0"], NOW)).toEqual({ kind: "never" });
    expect(forecast("10", [], NOW)).toEqual({ kind: "never" });
    expect(forecast("1000000", ["0.000000001"], NOW)).toEqual({ kind: "never" });
    expect(forecast("0", ["1"], NOW)).toEqual({ kind: "spent" });
    expect(forecast("-1", ["1"], NOW)).toEqual({ kind: "spent" });
  });
});
