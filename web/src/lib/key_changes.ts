// From a key to the edit dialog's draft, and from the draft to the PATCH and to the sentences that say
// what it will change.
import { gatewayNow } from "./clock";
import { formatCount, formatDate, joinWords } from "./format";
import { expiryOf, type KeyDraft, limitRules, summaryOf } from "./key_form";
import type { Metric, Quantity } from "./limits";

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

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const list = (values: string[], none: string) => (values.length ? joinWords(values) : none);

// Only what differs; a sentence for each.
export function patchOf(key: KeyLike, draft: KeyDraft, now = gatewayNow()) {
  const before = draftOf(key);
  const patch: Record<string, unknown> = {};
  const changes: string[] = [];
  const note = (param: string, value: unknown, sentence: string) => {
    patch[param] = value;
    changes.push(sentence);
  };
  const name = draft.name.trim();
  if (name !== key.name) note("name", name, `It is called ${name || "…"}.`);
  const description = draft.description.trim();
  if (description !== before.description) note("description", description || null, description ? "Its description changes." : "It has no description.");
  if (draft.icon !== before.icon) note("icon", draft.icon || null, "Its icon changes.");
  if (!same(draft.tags, before.tags)) note("tags", draft.tags, `Its tags are ${list(draft.tags, "none")}.`);
  if (!same(draft.allowed_ips, before.allowed_ips)) {
    note("allowed_ips", draft.allowed_ips, `It may be used from ${list(draft.allowed_ips, "every address")}.`);
  }
  if (draft.expires !== before.expires) {
    const expires = expiryOf(draft.expires, now);
    note("expires_at", expires, expires ? `It expires on ${formatDate(expires)}.` : "It never expires.");
  }
  if (draft.type === "management") return { patch, changes };
  if (!same(draft.models, before.models)) note("models", draft.models, `It may call ${list(draft.models, "every model")}.`);
  if (draft.region.trim() !== before.region) {
    note("region", draft.region.trim() || null, draft.region.trim() ? `It is served in ${draft.region.trim()} only.` : "It is served in any region.");
  }
  if (!same(draft.limits, before.limits)) note("limits", limitRules(draft.limits), `Its limits are ${summaryOf.limits(draft)}.`);
  if (draft.enforcement !== before.enforcement) {
    note("enforcement", draft.enforcement, draft.enforcement === "soft" ? "Requests under way may finish above a limit." : "Its limits are never passed.");
  }
  if (draft.prefer_low_carbon !== before.prefer_low_carbon) {
    note("prefer_low_carbon", draft.prefer_low_carbon, draft.prefer_low_carbon ? "It prefers a low-carbon grid." : "It no longer prefers a low-carbon grid.");
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
