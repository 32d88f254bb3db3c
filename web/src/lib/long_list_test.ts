import { expect, test } from "vitest";

import { inPlaceOf, isInView, type ListPage, rowsOf } from "./long_list";

const page = (ids: string, next: string | null = "c"): ListPage<{ id: string }> => ({ data: [...ids].map((id) => ({ id })), next_cursor: next });
const ids = (one: ListPage<{ id: string }>) => one.data.map((row) => row.id).join("");

test("a row that is on two pages is shown once, where it comes first", () => {
  expect(rowsOf([page("abc"), page("bde"), page("")]).map((row) => row.id)).toEqual(["a", "b", "c", "d", "e"]);
});

test("a page is in view when any row of it is", () => {
  const pages = [page("abc"), page("def"), page("gh")];
  const seen = (first: number, last: number) => pages.map((_, at) => isInView(pages, at, { first, last }));
  expect(seen(0, 2)).toEqual([true, false, false]);
  expect(seen(2, 3)).toEqual([true, true, false]);
  expect(seen(5, 6)).toEqual([false, true, true]);
});

test("new rows push none out of the first page", () => {
  const joined = inPlaceOf([page("cdef", "1"), page("ghij", "2")], 0, page("abcd", "9"));
  expect(ids(joined)).toBe("abcdef");
  expect(joined.next_cursor).toBe("1");
});

test("a row that went away leaves, and what moved up from the next page is not doubled", () => {
  const pages = [page("abcd", "1"), page("efgh", "2"), page("ijkl", "3")];
  expect(ids(inPlaceOf(pages, 0, page("acde", "9")))).toBe("acd");
  const second = inPlaceOf(pages, 1, page("eghi", "9"));
  expect(ids(second)).toBe("egh");
  expect(second.next_cursor).toBe("2");
});

test("a row that went away is not kept by new ones", () => {
  expect(ids(inPlaceOf([page("bcde", "1"), page("fghi", "2")], 0, page("abde", "9")))).toBe("abde");
});

test("the last page is as it comes, and so is a first one that is all new", () => {
  expect(inPlaceOf([page("abcd", "1"), page("ef", null)], 1, page("efg", "3"))).toEqual(page("efg", "3"));
  expect(inPlaceOf([page("efgh", "1"), page("ijkl", "2")], 0, page("abcd", "9"))).toEqual(page("abcd", "9"));
});
