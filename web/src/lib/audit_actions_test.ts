import { readdirSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { ACTION_CHOICES, ACTIONS } from "./audit_actions";

// As the gateway's sources name them.
const ROOMS = ["admin", "ledger", "store"].map((room) => new URL(`../../../src/${room}/`, import.meta.url));
const sources = ROOMS.flatMap((room) => readdirSync(room).filter((file) => file.endsWith(".cc") && !file.endsWith("_test.cc")).map((file) => readFileSync(new URL(file, room), "utf8")));
const recorded = new Set(sources.flatMap((text) => [...text.matchAll(/"([a-z]+\.[a-z_]+)"/g)].map(([, action]) => action!)));

describe("the audit trail's filter", () => {
  const offered = ACTION_CHOICES.map(({ value }) => value).filter((value) => value.includes("."));
  it("offers nothing that the gateway never records", () => {
    expect(offered.filter((action) => !recorded.has(action))).toEqual([]);
  });
  it("offers all that the gateway records of the things that it knows", () => {
    const kinds = new Set<string>(ACTIONS.map(({ value }) => value));
    const known = [...recorded].filter((action) => kinds.has(action.split(".")[0]!));
    expect(known.filter((action) => !offered.includes(action))).toEqual([]);
  });
});
