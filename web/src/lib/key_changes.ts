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

// What was edited, done to what is there now: what I added, took away or changed is as I left it, the rest as it is there.
function merged<T>(from: T[], draft: T[], of: T[], id: (one: T) => string, value: (one: T) => string): T[] {
  const had = new Map(from.map((one) => [id(one), value(one)]));
  const has = new Map(of.map((one) => [id(one), one]));
  const named = new Set(draft.map(id));
  const mine = draft.flatMap((one) => {
    if (had.get(id(one)) !== value(one)) return [one];
    const theirs = has.get(id(one));
    return theirs === undefined ? [] : [theirs];
  });
  return [...mine, ...of.filter((one) => !had.has(id(one)) && !named.has(id(one)))];
}

const itself = (value: string) => value;
const mergedTexts = (from: string[], draft: string[], of: string[]) => merged(from, draft, of, itself, itself);
const sameTexts = (one: string[], other: string[]) => same([...one].sort(), [...other].sort());

// Of two who each narrowed it, neither has meant that nothing is left of it: empty, it would allow everything.
function mergedScope(from: string[], draft: string[], of: string[]): string[] {
  const both = mergedTexts(from, draft, of);
  return both.length === 0 && !sameTexts(from, draft) ? draft : both;
}

const LONG = 80;

// From which to which; where both are long, what is new and what is gone.
function listChanges(what: string, none: string, before: string[], after: string[]): Change[] {
  const [whole, then] = [list(before, none), list(after, none)];
  if (before.length === 0 || after.length === 0 || whole.length + then.length <= LONG) return [{ what, before: whole, after: then }];
  const added = after.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !after.includes(one));
  return [
    ...(added.length ? [{ what: `${what}, added`, before: "none", after: joinWords(added) }] : []),
    ...(removed.length ? [{ what: `${what}, removed`, before: joinWords(removed), after: "none" }] : []),
  ];
}

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

// Only what differs, and what there is to be said of it: what was typed over `from`, the key as the editing began with it, done
// to `of`, the key as it is now. Blanks around a text are left off where it was changed.
export function patchOf(from: KeyLike, draft: KeyDraft, now = gatewayNow(), of: KeyLike = from) {
  const old = draftOf(from);
  const present = draftOf(of);
  const patch: Record<string, unknown> = {};
  const changes: Change[] = [];
  const note = (param: string, value: unknown, ...said: Change[]) => {
    patch[param] = value;
    changes.push(...said);
  };
  // Whether somebody typed over it, and it is not so already.
  const changed = (field: "name" | "description" | "icon" | "region" | "expires" | "enforcement" | "prefer_low_carbon", to: unknown) =>
    draft[field] !== old[field] && to !== old[field] && to !== present[field];
  const listed = (param: "tags" | "allowed_ips" | "models", what: string, none: string, after: string[]) => {
    if (!sameTexts(after, present[param])) note(param, after, ...listChanges(what, none, present[param], after));
  };
  const name = draft.name.trim();
  if (changed("name", name)) note("name", name, { what: "Name", before: present.name, after: name || "…" });
  const description = draft.description.trim();
  if (changed("description", description)) {
    note("description", description || null, { what: "Description", before: present.description || "none", after: description || "none" });
  }
  if (changed("icon", draft.icon)) note("icon", draft.icon || null, { what: "Icon", before: present.icon || "none", after: draft.icon || "none" });
  listed("tags", "Tags", "none", mergedTexts(old.tags, draft.tags, present.tags));
  listed("allowed_ips", "Networks", "every address", mergedScope(old.allowed_ips, draft.allowed_ips, present.allowed_ips));
  if (changed("expires", draft.expires)) {
    const expires = expiryOf(draft.expires, now);
    note("expires_at", expires, { what: "Expires", before: dateOf(of.expires_at), after: dateOf(expires) });
  }
  if (draft.type === "management") return { patch, changes };
  listed("models", "Models", "every model", mergedScope(old.models, draft.models, present.models));
  const region = draft.region.trim();
  if (changed("region", region)) note("region", region || null, { what: "Region", before: present.region || "any", after: region || "any" });
  // One that was added and has no amount yet is nothing yet.
  const typed = draft.limits.filter((limit) => limit.amount.trim() || old.limits.some((other) => identity(other) === identity(limit)));
  const limits = merged(old.limits, typed, present.limits, identity, amountOf);
  const limited = limitChanges(present.limits, limits);
  if (limited.length > 0) note("limits", limitRules(limits), ...limited);
  if (changed("enforcement", draft.enforcement)) {
    note("enforcement", draft.enforcement, { what: "Limits are", before: ENFORCEMENT[present.enforcement], after: ENFORCEMENT[draft.enforcement] });
  }
  if (changed("prefer_low_carbon", draft.prefer_low_carbon)) {
    const words = (prefer: boolean) => (prefer ? "preferred" : "not preferred");
    note("prefer_low_carbon", draft.prefer_low_carbon, { what: "Low-carbon grid", before: words(present.prefer_low_carbon), after: words(draft.prefer_low_carbon) });
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
