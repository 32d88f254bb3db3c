import { describe, expect, it } from "vitest";

import { isRegionFirst } from "./region_first";

const marked = (...candidates: [string, number][]) => {
  const all = candidates.map(([region, score]) => ({ region, score }));
  return all.map((_, index) => isRegionFirst(all, index));
};

describe("a candidate before a better one", () => {
  it("is told to be in the first choice's region", () => {
    expect(marked(["us-east", 1], ["us-east", 0.214], ["eu-west", 0.32])).toEqual([false, true, false]);
  });

  it("is not told where the order is that of the scores", () => {
    expect(marked(["us-east", 1], ["us-east", 0.5], ["eu-west", 0.32])).toEqual([false, false, false]);
  });

  it("is not told of the first choice, nor where regions are not known or another rule decides", () => {
    expect(marked(["us-east", 0.2], ["us-east", 0.9])).toEqual([false, false]);
    expect(marked(["", 1], ["", 0.2], ["eu-west", 0.3])).toEqual([false, false, false]);
    expect(marked(["us-east", 1], ["eu-west", 0.2], ["us-east", 0.3])).toEqual([false, false, false]);
  });
});
