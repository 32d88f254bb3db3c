import { describe, expect, it } from "vitest";

import { draftOf, type KeyLike, patchOf, secretAdvice } from "./key_changes";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const key: KeyLike = {
  name: "shop",
  description: null,
  icon: null,
  environment: "production",
  type: "standard",
  role: null,
  models: ["openai/*"],
  region: null,
  allowed_ips: [],
  limits: [{ metric: "cost", window: "month", amount: "25" }],
  enforcement: "hard",
  expires_at: null,
  prefer_low_carbon: false,
  tags: [],
};

describe("editing a key", () => {
  it("sends nothing when nothing was changed", () => {
    expect(patchOf(key, draftOf(key))).toEqual({ patch: {}, changes: [] });
  });
  it("sends only what differs, null for what is taken away, and says each change, from what to what", () => {
    const draft = { ...draftOf(key), models: [], region: "eu-west", limits: [], expires: "2027-03-01" };
    expect(patchOf(key, draft, NOW)).toEqual({
      patch: { expires_at: "2027-03-01T00:00:00Z", models: [], region: "eu-west", limits: [] },
      changes: [
        { what: "Expires", before: "never", after: "1 Mar 2027" },
        { what: "Models", before: "openai/*", after: "every model" },
        { what: "Region", before: "any", after: "eu-west" },
        { what: "Limit", before: "$25 / month", after: "none" },
      ],
    });
    const pinned = { ...key, region: "eu-west", expires_at: "2027-03-01T00:00:00Z" };
    expect(patchOf(pinned, { ...draftOf(pinned), region: "", expires: "" }).patch).toEqual({ expires_at: null, region: null });
  });
  it("leaves alone what nobody typed over, with the blanks around it", () => {
    const odd = { ...key, name: " shop ", description: "sells\n" };
    expect(patchOf(odd, draftOf(odd))).toEqual({ patch: {}, changes: [] });
    expect(patchOf(odd, { ...draftOf(odd), name: " shop 2 " }).patch).toEqual({ name: "shop 2" });
  });
  it("says of limits which are new, which are gone and which have another amount", () => {
    const limited: KeyLike = { ...key, limits: [...key.limits, { metric: "concurrency", window: null, amount: 4 }, { metric: "tokens", window: "day", amount: 1_000 }] };
    const draft = draftOf(limited);
    draft.limits = [{ metric: "requests", window: "60s", amount: "60" }, { ...draft.limits[0]!, amount: "40" }, { ...draft.limits[2]!, amount: "1k" }];
    const { patch, changes } = patchOf(limited, draft, NOW);
    expect(changes).toEqual([
      { what: "Limit", before: "none", after: "60 requests / minute" },
      { what: "Limit", before: "$25 / month", after: "$40 / month" },
      { what: "Limit", before: "4 at once", after: "none" },
    ]);
    expect(patch).toEqual({
      limits: [
        { metric: "requests", window: "60s", amount: 60 },
        { metric: "cost", window: "month", amount: "40" },
        { metric: "tokens", window: "day", amount: 1_000 },
      ],
    });
    // The same in another order, or written otherwise, is no change.
    const same = draftOf(limited);
    same.limits = [same.limits[2]!, { ...same.limits[0]!, amount: "$25.00" }, same.limits[1]!];
    expect(patchOf(limited, same, NOW)).toEqual({ patch: {}, changes: [] });
  });
});

describe("a secret", () => {
  const made = "2026-11-20T12:00:00Z";
  it("in grace is safe to retire once it is unused for a day", () => {
    const retires_at = "2026-12-01T00:00:00Z";
    expect(secretAdvice({ created_at: made, retires_at, last_used_at: "2026-11-21T11:00:00Z" }, NOW, 90).kind).toBe("used");
    expect(secretAdvice({ created_at: made, retires_at, last_used_at: "2026-11-15T12:00:00Z" }, NOW, 90)).toEqual({ kind: "safe", since: 6 * 86_400_000 });
    expect(secretAdvice({ created_at: made, retires_at, last_used_at: null }, NOW, 90).kind).toBe("safe");
  });
  it("is to be rotated at the age that the settings say, and not a day before", () => {
    const aged = (days: number) => ({ created_at: new Date(NOW - days * 86_400_000).toISOString(), retires_at: null, last_used_at: null });
    expect(secretAdvice(aged(89), NOW, 90).kind).toBe("fine");
    expect(secretAdvice(aged(90), NOW, 90).kind).toBe("old");
  });
});
