// What pages keep in the URL, so that a view can be sent to somebody. A value that makes no sense is
// dropped, never an error: people edit URLs.

import { KEY_SORTS, type KeySort, type SortOrder } from "./key_sort";

type Raw = Record<string, unknown>;

const text = (value: unknown, max = 200): string | undefined => {
  const string = typeof value === "number" ? String(value) : value;
  return typeof string === "string" && string !== "" && !string.includes("\0") ? string.slice(0, max) : undefined;
};
const one = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined =>
  allowed.find((candidate) => candidate === value);
const date = (value: unknown): string | undefined => {
  const string = text(value, 10);
  return string && /^\d{4}-\d\d-\d\d$/.test(string) && !Number.isNaN(Date.parse(string)) ? string : undefined;
};

// A member that is not there, or makes no sense, is there as undefined: the router lays what a page makes of the URL over
// what stands in it, and would give the page what was left out as it is.
type Given<T> = { [Name in keyof Required<T>]: Required<T>[Name] | undefined };
const given = <T extends object>(search: Given<T>): T => search as T;

// Of every page: whose data it shows.
export const rootSearch = (raw: Raw): { workspace?: string } => given<{ workspace?: string }>({ workspace: text(raw["workspace"], 128) });

export const KEY_STATUSES = ["active", "limited", "disabled", "expired", "revoked"] as const;
export const RANGES = ["24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

export interface KeysSearch {
  search?: string;
  status?: (typeof KEY_STATUSES)[number];
  environment?: "production" | "sandbox";
  type?: "standard" | "profile" | "management";
  tag?: string;
  sort?: KeySort;
  order?: SortOrder;
  create?: true;
}

export function keysSearch(raw: Raw): KeysSearch {
  const sort = one(raw["sort"], KEY_SORTS);
  return given<KeysSearch>({
    search: text(raw["search"]),
    status: one(raw["status"], KEY_STATUSES),
    environment: one(raw["environment"], ["production", "sandbox"] as const),
    type: one(raw["type"], ["standard", "profile", "management"] as const),
    tag: text(raw["tag"], 64),
    sort,
    order: sort && one(raw["order"], ["asc", "desc"] as const),
    create: raw["create"] === true || raw["create"] === "true" ? true : undefined,
  });
}

// What the gateway takes for how a request ended: an outcome, a class, a status or an error code.
const usageStatus = (value: unknown): string | undefined => {
  const status = text(value, 64);
  return status && /^([1-5]xx|[1-5]\d\d|[a-z][a-z0-9_]*)$/.test(status) ? status : undefined;
};

export interface UsageSearch {
  key?: string;
  model?: string;
  status?: string;
  from?: string;
  to?: string;
  row?: string;
}

export function usageSearch(raw: Raw): UsageSearch {
  const row = text(raw["row"], 20);
  return given<UsageSearch>({
    key: text(raw["key"], 128),
    model: text(raw["model"]),
    status: usageStatus(raw["status"]),
    from: date(raw["from"]),
    to: date(raw["to"]),
    row: row && /^gen_[0-9a-f]{16}$/.test(row) ? row : undefined,
  });
}

export interface RangeSearch {
  range?: Range;
}
export const rangeSearch = (raw: Raw): RangeSearch => given<RangeSearch>({ range: one(raw["range"], RANGES) });

// What of a key is edited on its page.
export const KEY_PARTS = ["details", "limits", "policy"] as const;
export type KeyPart = (typeof KEY_PARTS)[number];

export interface KeySearch extends RangeSearch {
  edit?: KeyPart;
}
export const keySearch = (raw: Raw): KeySearch => given<KeySearch>({ ...(rangeSearch(raw) as Given<RangeSearch>), edit: one(raw["edit"], KEY_PARTS) });

export interface ObjectSearch {
  object?: string;
  search?: string;
}
export const objectSearch = (raw: Raw): ObjectSearch =>
  given<ObjectSearch>({ object: text(raw["object"], 64), search: text(raw["search"]) });

export interface AuditSearch {
  object?: string;
  action?: string;
  actor?: string;
  from?: string;
  to?: string;
}

export const auditSearch = (raw: Raw): AuditSearch =>
  given<AuditSearch>({
    object: text(raw["object"], 64),
    action: text(raw["action"], 64),
    actor: text(raw["actor"]),
    from: date(raw["from"]),
    to: date(raw["to"]),
  });

const OURS = "http://ours.invalid";

// Where to go after signing in: a path of ours, never an address of somebody else's. Browsers drop tabs and
// line ends out of an address, take \ for / and shorten "/./", so the path is also judged as they read it.
export function safeReturn(raw: unknown): string {
  const path = text(raw, 2000);
  if (!path || !/^\/(?!\/)[^\s\p{Cc}\\]*$/u.test(path)) return "/";
  const read = new URL(path, OURS);
  return read.origin === OURS && !read.pathname.startsWith("//") ? path : "/";
}
