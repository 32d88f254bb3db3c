import { describe, expect, it } from "vitest";

import { change } from "./change";

describe("a figure's change", () => {
  it("is told as a share, and not at all against nothing", () => {
    expect(change(150, 100)).toEqual({ way: "up", text: "50 %" });
    expect(change("0.5", "1")).toEqual({ way: "down", text: "50 %" });
    expect(change(5, 0)).toEqual({ way: "up", text: "" });
    expect(change(null, 1)).toEqual({ way: "same", text: "" });
  });
  it("of a rate is told in points, of a number in itself", () => {
    expect(change(0.98, 0.99, "points")).toEqual({ way: "down", text: "1 points" });
    expect(change(3, 5, "count")).toEqual({ way: "down", text: "2 fewer" });
    expect(change(5, 5, "count")).toEqual({ way: "same", text: "no change" });
  });
});
