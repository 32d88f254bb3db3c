import { afterEach, describe, expect, it, vi } from "vitest";

import { takeFragment } from "./door";

function opened(hash: string) {
  const addresses: string[] = [];
  vi.stubGlobal("location", { hash, pathname: "/setup", search: "?a=b" });
  vi.stubGlobal("history", { state: null, replaceState: (_: unknown, __: string, address: string) => addresses.push(address) });
  return { token: takeFragment(), addresses };
}

describe("the token behind a link's #", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  it("is taken out of the address", () => {
    expect(opened("#one%20two")).toEqual({ token: "one two", addresses: ["/setup?a=b"] });
    expect(opened("")).toEqual({ token: "", addresses: [] });
  });
  it("is no token when the link was cut, and leaves the address all the same", () => {
    for (const cut of ["#abc%", "#abc%4", "#%zz", "#%ff"]) {
      expect(opened(cut), cut).toEqual({ token: "", addresses: ["/setup?a=b"] });
    }
  });
});
