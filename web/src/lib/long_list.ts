// A list that was scrolled far is read again only where somebody looks: the first page, for what is new, and
// the pages on screen. Every page keeps the boundary it had, so that no row is lost or doubled between two.
export interface ListPage<Row> {
  data: Row[];
  next_cursor: string | null;
}

// A list of no more pages is read again as a whole.
export const WHOLE_PAGES_MAX = 3;

// The rows on screen, counted from 0.
export interface RowsInView {
  first: number;
  last: number;
}

// Each row once: where rows change their places, one may be on two pages that were not read at the same time.
export function rowsOf<Row extends { id: string }>(pages: ListPage<Row>[]): Row[] {
  const seen = new Set<string>();
  return pages.flatMap((page) => page.data).filter((row) => !seen.has(row.id) && seen.add(row.id));
}

export function isInView<Row>(pages: ListPage<Row>[], at: number, view: RowsInView): boolean {
  const before = pages.slice(0, at).reduce((sum, page) => sum + page.data.length, 0);
  return view.last >= before && view.first < before + pages[at]!.data.length;
}

// `fresh` in the place of the page `at`. Rows of the next page that moved up stay where they are; rows that
// new ones pushed out of the first page are kept in it. Where the first page is all new, so that rows between
// would be missing, it is given as it came: the pages after it are then read again, too.
export function inPlaceOf<Row extends { id: string }>(pages: ListPage<Row>[], at: number, fresh: ListPage<Row>): ListPage<Row> {
  const old = pages[at]!;
  const next = pages[at + 1];
  if (!next) return fresh;
  const after = new Set(next.data.map((row) => row.id));
  const data = fresh.data.filter((row) => !after.has(row.id));
  if (at > 0) return { data, next_cursor: old.next_cursor };
  const known = new Set(old.data.map((row) => row.id));
  if (!fresh.data.some((row) => known.has(row.id) || after.has(row.id))) return fresh;
  const last = fresh.data.at(-1)!;
  const end = old.data.findIndex((row) => row.id === last.id);
  return { data: end < 0 ? data : [...data, ...old.data.slice(end + 1)], next_cursor: old.next_cursor };
}
