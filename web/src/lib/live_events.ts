// What events of GET /admin/v1/events do to what pages show: a key that moved is read again at once, and the
// rest, soon after the first event and then at a calm pace however many come.
import type { Key } from "@/api/contract";

export type Group = "figures" | "lists" | "providers";

// How often each group is read again while events keep coming.
export const PACE_MS: Record<Group, number> = { figures: 2_000, lists: 5_000, providers: 1_000 };
const FIRST_MS = 400;

export const dueAt = (group: Group, now: number, last: number) => Math.max(now + FIRST_MS, last + PACE_MS[group]);

// A refused stream is asked for again ever more rarely.
export const comesBackIn = (failures: number) => Math.min(60_000, 2_000 * 2 ** failures);

// To which group a query of the workspace belongs; null: events say nothing of it. A page of one key
// is read again for its own events alone.
export function groupOf([kind, where, what, id]: readonly unknown[], workspace: string, keys: ReadonlySet<string> | null): Group | null {
  if (where !== workspace) return null;
  if (kind === "keys" && (what === "list" || what === "counts")) return "lists";
  if (kind === "keys") return what !== "named" && (keys === null || keys.has(String(id))) ? "figures" : null;
  if (kind === "overview" || kind === "usage" || kind === "workspace") return "figures";
  return kind === "providers" || kind === "models" ? "providers" : null;
}

// What came as it happened and what was read, as lists show it: the newest first, each once. Neither has
// everything: of the feed what no stream told is missing, of the other what came since.
export function newestFirst<Row extends { id: string }>(feed: readonly Row[], read: readonly Row[], count: number): Row[] {
  const rows = new Map([...read, ...feed].map((row) => [row.id, row]));
  return [...rows.values()].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, count);
}

// A list of pages in which one key is as it was read last.
export function withKey<Pages extends { pages: { data: Key[] }[] }>(list: Pages, key: Key): Pages {
  const holds = ({ data }: { data: Key[] }) => data.some(({ id }) => id === key.id);
  if (!list.pages.some(holds)) return list;
  return { ...list, pages: list.pages.map((page) => (holds(page) ? { ...page, data: page.data.map((one) => (one.id === key.id ? key : one)) } : page)) };
}
