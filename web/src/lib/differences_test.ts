import { describe, expect, it } from "vitest";

import { differences } from "./differences";

describe("what a change changed", () => {
  it("is the members that differ, on both sides", () => {
    expect(differences({ name: "a", enabled: true, tags: ["x"] }, { name: "a", enabled: false, tags: ["x"], region: "eu" })).toEqual([
      { member: "enabled", before: "true", after: "false" },
      { member: "region", before: "none", after: "eu" },
    ]);
  });
  it("is everything of what was made, and nothing of nothing", () => {
    expect(differences(null, { name: "a" })).toEqual([{ member: "name", before: "none", after: "a" }]);
    expect(differences(null, null)).toEqual([]);
  });
});
