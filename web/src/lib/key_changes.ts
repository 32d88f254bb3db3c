// From a key to the draft that is edited, and from the draft to the PATCH and to what is said of it before it is saved:
// what it changes, from what to what.
import { gatewayNow } from "./clock";
import { formatCount, formatDate, joinWords } from "./format";
import { expiryOf, type KeyDraft, type LimitDraft, limitRules, limitText, readAmount } from "./key_form";
import type { Metric, Quantity } from "./limits";
import { nanoOf } from "./money";

export interface KeyLike {
  name: string;
  description: string | null;
  icon: string | null;
  environment: "production" | "sandbox";
  type: string;
  role: "viewer" | "member" | "admin" | null;
  models: string[];
  region: string | null;
  allowed_ips: string[];
  limits: { metric: Metric; window: string | null; amount: Quantity }[];
  enforcement: "hard" | "soft";
  expires_at: string | null;
  prefer_low_carbon: boolean;
  tags: string[];
}

export function draftOf(key: KeyLike): KeyDraft {
  return {
    name: key.name,
    description: key.description ?? "",
    icon: key.icon ?? "",
    environment: key.environment,
    type: key.type === "management" ? "management" : "standard",
    role: key.role ?? "viewer",
    models: key.models,
    region: key.region ?? "",
    allowed_ips: key.allowed_ips,
    limits: key.limits.map((limit) => ({
      metric: limit.metric,
      window: limit.window ?? "",
      amount: limit.metric === "cost" ? String(limit.amount) : formatCount(Number(limit.amount)),
    })),
    enforcement: key.enforcement,
    expires: key.expires_at ?? "",
    prefer_low_carbon: key.prefer_low_carbon,
    tags: key.tags,
  };
}

// What changes, from what to what, for people.
export interface Change {
  what: string;
  before: string;
  after: string;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const list = (values: string[], none: string) => (values.length ? joinWords(values) : none);

const identity = (limit: LimitDraft) => `${limit.metric}/${limit.window}`;
const amountOf = (limit: LimitDraft) => {
  const read = readAmount(limit.metric, limit.amount);
  return limit.metric === "cost" && read !== null ? String(nanoOf(String(read))) : String(read ?? limit.amount);
};

// By what they limit: each that is new, that is gone, and that has another amount.
function limitChanges(before: LimitDraft[], after: LimitDraft[]): Change[] {
  const had = new Map(before.map((limit) => [identity(limit), limit]));
  const has = new Set(after.map(identity));
  const changed = after.filter((limit) => {
    const old = had.get(identity(limit));
    return !old || amountOf(old) !== amountOf(limit);
  });
  return [
    ...changed.map((limit) => {
      const old = had.get(identity(limit));
      return { what: "Limit", before: old ? limitText(old) : "none", after: limitText(limit) };
    }),
    ...before.filter((limit) => !has.has(identity(limit))).map((limit) => ({ what: "Limit", before: limitText(limit), after: "none" })),
  ];
}

const ENFORCEMENT = { hard: "hard, never passed", soft: "soft, finished above" };
const dateOf = (expires: string | null) => (expires ? formatDate(expires) : "never");

// Only what differs, and what there is to be said of it. Blanks around a text are left off where it was changed.
export function patchOf(key: KeyLike, draft: KeyDraft, now = gatewayNow()) {
  const before = draftOf(key);
  const patch: Record<string, unknown> = {};
  const changes: Change[] = [];
  const note = (param: string, value: unknown, ...said: Change[]) => {
    patch[param] = value;
    changes.push(...said);
  };
  const name = draft.name.trim();
  if (draft.name !== before.name && name !== before.name) note("name", name, { what: "Name", before: before.name, after: name || "…" });
  const description = draft.description.trim();
  if (draft.description !== before.description && description !== before.description) {
    note("description", description || null, { what: "Description", before: before.description || "none", after: description || "none" });
  }
  if (draft.icon !== before.icon) note("icon", draft.icon || null, { what: "Icon", before: before.icon || "none", after: draft.icon || "none" });
  if (!same(draft.tags, before.tags)) note("tags", draft.tags, { what: "Tags", before: list(before.tags, "none"), after: list(draft.tags, "none") });
  if (!same(draft.allowed_ips, before.allowed_ips)) {
    note("allowed_ips", draft.allowed_ips, { what: "Networks", before: list(before.allowed_ips, "every address"), after: list(draft.allowed_ips, "every address") });
  }
  if (draft.expires !== before.expires) {
    const expires = expiryOf(draft.expires, now);
    note("expires_at", expires, { what: "Expires", before: dateOf(key.expires_at), after: dateOf(expires) });
  }
  if (draft.type === "management") return { patch, changes };
  if (!same(draft.models, before.models)) {
    note("models", draft.models, { what: "Models", before: list(before.models, "every model"), after: list(draft.models, "every model") });
  }
  const region = draft.region.trim();
  if (region !== before.region) note("region", region || null, { what: "Region", before: before.region || "any", after: region || "any" });
  const limits = limitChanges(before.limits, draft.limits);
  if (limits.length > 0) note("limits", limitRules(draft.limits), ...limits);
  if (draft.enforcement !== before.enforcement) {
    note("enforcement", draft.enforcement, { what: "Limits are", before: ENFORCEMENT[before.enforcement], after: ENFORCEMENT[draft.enforcement] });
  }
  if (draft.prefer_low_carbon !== before.prefer_low_carbon) {
    const words = (prefer: boolean) => (prefer ? "preferred" : "not preferred");
    note("prefer_low_carbon", draft.prefer_low_carbon, { what: "Low-carbon grid", before: words(before.prefer_low_carbon), after: words(draft.prefer_low_carbon) });
  }
  return { patch, changes };
}

export interface SecretLike {
  created_at: string;
  last_used_at: string | null;
  retires_at: string | null;
}

const DAY_MS = 86_400_000;

// What to do about a secret: one in grace may be retired once nothing uses it; an old one is to be rotated.
export function secretAdvice(secret: SecretLike, now: number, oldDays: number): { kind: "safe" | "used" | "old" | "fine"; since: number } {
  const since = now - Date.parse(secret.last_used_at ?? secret.created_at);
  if (secret.retires_at) return { kind: since >= DAY_MS || !secret.last_used_at ? "safe" : "used", since };
  const age = now - Date.parse(secret.created_at);
  return { kind: age >= oldDays * DAY_MS ? "old" : "fine", since: age };
}
