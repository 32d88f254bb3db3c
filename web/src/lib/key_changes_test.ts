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
  it("sends only what differs, null for what is taken away, and says each change", () => {
    const draft = { ...draftOf(key), models: [], region: "eu-west", limits: [], expires: "2027-03-01" };
    expect(patchOf(key, draft, NOW)).toEqual({
      patch: { expires_at: "2027-03-01T00:00:00Z", models: [], region: "eu-west", limits: [] },
      changes: ["It expires on 1 Mar 2027.", "It may call every model.", "It is served in eu-west only.", "Its limits are none."],
    });
    const pinned = { ...key, region: "eu-west", expires_at: "2027-03-01T00:00:00Z" };
    expect(patchOf(pinned, { ...draftOf(pinned), region: "", expires: "" }).patch).toEqual({ expires_at: null, region: null });
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
