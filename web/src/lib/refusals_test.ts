import { expect, test } from "vitest";

import { refusalFrom, refusalText } from "./refusals";

test("a word that the gateway sends says what to do next", () => {
  for (const word of ["expired", "denied", "failed", "unreachable", "unverified", "email", "domain", "unlinked", "stranger", "taken"]) {
    const refusal = refusalFrom(word);
    expect(refusal).toBe(word);
    expect(refusalText(refusal!).length).toBeGreaterThan(20);
  }
});

test("any other text of an address says nothing", () => {
  for (const word of ["", "toString", "__proto__", "constructor", "<b>", "Expired", 7, null, undefined, ["expired"]]) expect(refusalFrom(word)).toBeUndefined();
});
