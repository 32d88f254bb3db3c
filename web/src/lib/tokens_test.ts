import { describe, expect, it } from "vitest";

import { TOKENS_MAX, withTokens } from "./tokens";

const many = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

describe("several short texts", () => {
  it("are apart by blanks and commas, each once", () => {
    expect(withTokens(["a"], " b,c \n a  b,,")).toEqual({ values: ["a", "b", "c"] });
    expect(withTokens(["a"], " , ")).toEqual({ values: ["a"] });
  });
  it("are as many as the gateway takes, and no more", () => {
    expect(withTokens(many(TOKENS_MAX - 1), "last")).toMatchObject({ values: { length: TOKENS_MAX } });
    expect(withTokens(many(TOKENS_MAX), "more")).toEqual({ problem: "At most 256; with these it would be 257." });
  });
  it("of a megabyte are told from one another at once", () => {
    expect(withTokens([], "a b ".repeat(262_144))).toEqual({ values: ["a", "b"] });
    expect(withTokens([], many(100_000).join(" "))).toMatchObject({ problem: expect.stringContaining("100000") });
  });
});
