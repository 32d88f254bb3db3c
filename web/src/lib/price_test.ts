import { describe, expect, it } from "vitest";

import { priceLines } from "./price";

describe("what tokens cost", () => {
  it("is tokens times price, and cached input is not counted as input again", () => {
    const row = { input_tokens: 1_000, cached_input_tokens: 400, output_tokens: 100 };
    expect(priceLines(row, { input: "2.50", cached_input: "1.25", output: "10.00" })).toEqual([
      { kind: "Input", tokens: 600, price: "2.50", cost: "0.0015" },
      { kind: "Cached input", tokens: 400, price: "1.25", cost: "0.0005" },
      { kind: "Output", tokens: 100, price: "10.00", cost: "0.001" },
    ]);
  });
  it("goes wholly at the highest tier that is exceeded", () => {
    const prices = { input: "1", output: "2", tiers: [{ above_input_tokens: 100, input: "3", output: "4" }, { above_input_tokens: 10, input: "2" }] };
    const at = (input_tokens: number) => priceLines({ input_tokens, cached_input_tokens: 0, output_tokens: 0 }, prices)[0]!.price;
    expect([at(10), at(11), at(100), at(101)]).toEqual(["1", "2", "2", "3"]);
  });
  it("falls back to the input's price where cached input has none", () => {
    expect(priceLines({ input_tokens: 1, cached_input_tokens: 1, output_tokens: 0 }, { input: "5", output: "1" })[1]!.price).toBe("5");
  });
});
