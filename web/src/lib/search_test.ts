import { describe, expect, it } from "vitest";

import { auditSearch, keysSearch, rangeSearch, safeReturn, usageSearch } from "./search";

describe("the URL", () => {
  it("keeps what makes sense and drops the rest, whatever somebody typed", () => {
    expect(keysSearch({ search: "prod", status: "active", environment: "moon", tag: "", extra: 1 })).toEqual({
      search: "prod",
      status: "active",
    });
    expect(keysSearch({ search: 42 })).toEqual({ search: "42" });
    expect(keysSearch({ sort: "requests", order: "asc" })).toEqual({ sort: "requests", order: "asc" });
    expect(keysSearch({ sort: "color", order: "asc" })).toEqual({});
    expect(usageSearch({ from: "2026-11-01", to: "2026-99-99", row: "gen_zz", status: "error" })).toEqual({
      from: "2026-11-01",
      status: "error",
    });
  });
  it("says of what it dropped that it is not there, so that the router does not give it to the page as it stands", () => {
    expect(Object.hasOwn(keysSearch({ status: "bogus" }), "status")).toBe(true);
    expect({ status: "bogus", from: "2026-13-45", ...usageSearch({ status: "Bogus", from: "2026-13-45" }) }).toEqual({});
    expect({ range: "9y", ...rangeSearch({ range: "9y" }) }).toEqual({});
    expect({ search: "a\0b", ...keysSearch({ search: "a\0b" }) }).toEqual({});
  });
  it("keeps how a request ended, as the gateway takes it", () => {
    for (const status of ["ok", "error", "4xx", "provider_error"]) expect(usageSearch({ status })).toEqual({ status });
    expect(usageSearch({ status: 429 })).toEqual({ status: "429" });
    for (const status of ["6xx", "600", "Not Found", "a%20b", ""]) expect(usageSearch({ status })).toEqual({});
  });
  it("keeps the filters of the audit trail", () => {
    const filters = { object: "key_1", action: "key.update", actor: "usr_1", from: "2026-11-01", to: "2026-11-21" };
    expect(auditSearch({ ...filters, who: "x" })).toEqual(filters);
    expect(auditSearch({ from: "soon", action: 7 })).toEqual({ action: "7" });
  });
  it("returns to a page of ours only", () => {
    expect(safeReturn("/keys?status=active")).toBe("/keys?status=active");
    for (const path of ["//evil.example", "https://evil.example", "/\\evil.example", "", undefined, 7]) {
      expect(safeReturn(path)).toBe("/");
    }
  });
  it("does not return to what a browser reads as another address", () => {
    for (const path of ["/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "/keys\t", "/\u0000/evil.example", "/ /evil.example", "/.//evil.example", "/keys/..//evil.example"]) {
      expect(safeReturn(path), JSON.stringify(path)).toBe("/");
    }
    expect(safeReturn("/keys?search=a%09b#top")).toBe("/keys?search=a%09b#top");
    expect(safeReturn("/usage?next=//elsewhere")).toBe("/usage?next=//elsewhere");
  });
});
