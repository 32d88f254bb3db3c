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

describe("what is said of a change", () => {
  it("is what is new and what is gone, where a list is long", () => {
    const many = Array.from({ length: 30 }, (_, at) => `10.0.${at}.0/24`);
    const long = { ...key, allowed_ips: many };
    expect(patchOf(long, { ...draftOf(long), allowed_ips: [...many.slice(1), "192.0.2.1"] }).changes).toEqual([
      { what: "Networks, added", before: "none", after: "192.0.2.1" },
      { what: "Networks, removed", before: "10.0.0.0/24", after: "none" },
    ]);
    expect(patchOf(long, { ...draftOf(long), allowed_ips: [] }).changes[0]!.after).toBe("every address");
  });
  it("is nothing of a limit that has no amount yet", () => {
    const draft = draftOf(key);
    expect(patchOf(key, { ...draft, limits: [...draft.limits, { metric: "requests", window: "60s", amount: " " }] })).toEqual({ patch: {}, changes: [] });
    expect(patchOf(key, { ...draft, limits: [{ ...draft.limits[0]!, amount: "" }] }).changes).toHaveLength(1);
  });
});

describe("editing a key that somebody else changed meanwhile", () => {
  const limits = (...all: [string, string | number][]): KeyLike["limits"] =>
    all.map(([kind, amount]) => ({ metric: kind.split("/")[0] as "cost", window: kind.split("/")[1] ?? null, amount }));
  const from: KeyLike = { ...key, models: ["openai/*", "mistral/*"], allowed_ips: ["10.0.0.0/8", "192.0.2.1"], tags: ["shop", "old"], limits: limits(["cost/month", "25"], ["requests/day", 100]) };
  const both = (typed: Partial<ReturnType<typeof draftOf>>, theirs: Partial<KeyLike>) => patchOf(from, { ...draftOf(from), ...typed }, NOW, { ...from, ...theirs });

  it("keeps the limits that they added, and leaves those away that they took away", () => {
    const [cost, requests] = draftOf(from).limits;
    const mine = { limits: [{ ...cost!, amount: "40" }, requests!] };
    expect(both(mine, { limits: limits(["cost/month", "25"], ["requests/day", 100], ["tokens/day", 1_000]) })).toEqual({
      patch: { limits: [{ metric: "cost", window: "month", amount: "40" }, { metric: "requests", window: "day", amount: 100 }, { metric: "tokens", window: "day", amount: 1_000 }] },
      changes: [{ what: "Limit", before: "$25 / month", after: "$40 / month" }],
    });
    expect(both(mine, { limits: limits(["cost/month", "25"]) }).patch).toEqual({ limits: [{ metric: "cost", window: "month", amount: "40" }] });
    expect(both({ limits: [cost!] }, { limits: limits(["cost/month", "30"], ["requests/day", 100]) })).toEqual({
      patch: { limits: [{ metric: "cost", window: "month", amount: "30" }] },
      changes: [{ what: "Limit", before: "100 requests / day", after: "none" }],
    });
  });
  it("is mine where both changed the same, from what they made it", () => {
    const [cost, requests] = draftOf(from).limits;
    expect(both({ limits: [{ ...cost!, amount: "40" }, requests!] }, { limits: limits(["cost/month", "30"], ["requests/day", 7]) })).toEqual({
      patch: { limits: [{ metric: "cost", window: "month", amount: "40" }, { metric: "requests", window: "day", amount: 7 }] },
      changes: [{ what: "Limit", before: "$30 / month", after: "$40 / month" }],
    });
    expect(both({ limits: [{ ...cost!, amount: "40" }, requests!] }, { limits: limits(["requests/day", 100]) }).changes).toEqual([{ what: "Limit", before: "none", after: "$40 / month" }]);
    expect(both({ name: "mine" }, { name: "theirs" })).toEqual({ patch: { name: "mine" }, changes: [{ what: "Name", before: "theirs", after: "mine" }] });
  });
  it("sends nothing of what both changed alike, or only they", () => {
    const [cost, requests] = draftOf(from).limits;
    expect(both({ name: "new", tags: ["shop"], limits: [{ ...cost!, amount: "40" }, requests!] }, { name: "new", tags: ["shop"], limits: limits(["cost/month", "40"], ["requests/day", 100]) })).toEqual({ patch: {}, changes: [] });
    expect(both({}, { name: "theirs", description: "theirs", models: [], allowed_ips: ["192.0.2.9"], tags: [], limits: [], enforcement: "soft", region: "eu-west", prefer_low_carbon: true, expires_at: "2027-03-01T00:00:00Z" })).toEqual({ patch: {}, changes: [] });
  });
  for (const [param, added, kept, taken] of [["models", "meta/*", "openai/*", "mistral/*"], ["allowed_ips", "192.0.2.7", "10.0.0.0/8", "192.0.2.1"], ["tags", "mine", "shop", "old"]] as const) {
    it(`keeps what they added to ${param} and leaves away what they took away`, () => {
      expect(both({ [param]: [kept, taken, added] }, { [param]: [kept, taken, "theirs/*"] }).patch).toEqual({ [param]: [kept, taken, added, "theirs/*"] });
      expect(both({ [param]: [kept] }, { [param]: [kept, taken, "theirs/*"] })).toMatchObject({ patch: { [param]: [kept, "theirs/*"] }, changes: [{ before: `${kept}, ${taken} and theirs/*`, after: `${kept} and theirs/*` }] });
      expect(both({ [param]: [kept, taken, added] }, { [param]: [kept] }).patch).toEqual({ [param]: [kept, added] });
    });
  }
  it("does not open a key to everything because two each took away what the other left", () => {
    expect(both({ models: ["openai/*"], allowed_ips: ["192.0.2.1"] }, { models: ["mistral/*"], allowed_ips: ["10.0.0.0/8"] }).patch).toEqual({ models: ["openai/*"], allowed_ips: ["192.0.2.1"] });
    expect(both({ models: [], allowed_ips: [] }, { models: ["openai/*"] }).patch).toEqual({ models: [], allowed_ips: [] });
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
