// How the list of keys is sorted, as the URL keeps it; without a word it is newest first.
export const KEY_SORTS = ["created", "name", "last_used", "requests", "errors", "error_rate"] as const;
export type KeySort = (typeof KEY_SORTS)[number];
export type SortOrder = "asc" | "desc";

export interface Sorting {
  sort?: KeySort | undefined;
  order?: SortOrder | undefined;
}

// What the gateway takes when no order is said.
export const usualOrder = (sort: KeySort): SortOrder => (sort === "name" ? "asc" : "desc");
export const orderOf = ({ sort, order }: Sorting): SortOrder => order ?? usualOrder(sort ?? "created");

// A press on a column's head: sorted by it, then the other way round, then newest first again.
export function pressed({ sort, order }: Sorting, column: KeySort): { sort: KeySort | undefined; order: SortOrder | undefined } {
  const usual = usualOrder(column);
  if (sort !== column) return { sort: column, order: undefined };
  if ((order ?? usual) === usual) return { sort: column, order: usual === "asc" ? "desc" : "asc" };
  return { sort: undefined, order: undefined };
}
