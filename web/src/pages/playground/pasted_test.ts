import { expect, it } from "vitest";

import { pastedFor } from "./pasted";

it("a pasted secret is used for the key that it was pasted for, and for no other", () => {
  const pasted = { key: "key_a", secret: " mine " };
  expect(pastedFor(pasted, "key_a")).toBe("mine");
  expect(pastedFor(pasted, "key_b")).toBe("");
  expect(pastedFor(pasted, undefined)).toBe("");
  expect(pastedFor(null, "key_a")).toBe("");
});
