import { expect, it } from "vitest";

import { orderOf, pressed, type Sorting } from "./key_sort";

it("a column's head sorts by it, then the other way round, then newest first again", () => {
  let at: Sorting = pressed({}, "name");
  expect([at.sort, orderOf(at)]).toEqual(["name", "asc"]);
  at = pressed(at, "name");
  expect([at.sort, orderOf(at)]).toEqual(["name", "desc"]);
  at = pressed(at, "name");
  expect(at).toEqual({ sort: undefined, order: undefined });
  expect(orderOf(at)).toBe("desc");
});

it("another column begins in its usual order", () => {
  const at = pressed({ sort: "name", order: "desc" }, "requests");
  expect([at.sort, at.order, orderOf(at)]).toEqual(["requests", undefined, "desc"]);
  expect(orderOf(pressed({ sort: "requests", order: "desc" }, "requests"))).toBe("asc");
});
