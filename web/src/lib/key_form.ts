// What the forms of a key hold while somebody types, what of it goes to the API, and the words that tell a folded line's
// present value.
import { amountText, ruleText, type Metric } from "./limits";
import { formatDate, joinWords, plural } from "./format";

export interface LimitDraft {
  metric: Metric;
  window: string; // "" for concurrency
  amount: string;
}

export interface KeyDraft {
  name: string;
  description: string;
  icon: string;
  environment: "production" | "sandbox";
  type: "standard" | "management";
  role: "viewer" | "member" | "admin";
  models: string[];
  region: string;
  allowed_ips: string[];
  limits: LimitDraft[];
  enforcement: "hard" | "soft";
  expires: string; // "", a number of days such as "30d", or a date
  prefer_low_carbon: boolean;
  tags: string[];
}

export const EMPTY_DRAFT: KeyDraft = {
  name: "",
  description: "",
  icon: "",
  environment: "production",
  type: "standard",
  role: "viewer",
  models: [],
  region: "",
  allowed_ips: [],
  limits: [],
  enforcement: "hard",
  expires: "",
  prefer_low_carbon: false,
  tags: [],
};

export interface Preset {
  id: string;
  name: string;
  hint: string;
  apply: Partial<KeyDraft>;
}

export const PRESETS: Preset[] = [
  {
    id: "server",
    name: "Production server",
    hint: "A monthly budget and a rate that stops a runaway loop",
    apply: {
      icon: "server",
      environment: "production",
      limits: [
        { metric: "cost", window: "month", amount: "100" },
        { metric: "requests", window: "60s", amount: "600" },
        { metric: "concurrency", window: "", amount: "50" },
      ],
      expires: "",
    },
  },
  {
    id: "personal",
    name: "Personal tool",
    hint: "A small daily limit",
    apply: {
      icon: "user",
      environment: "production",
      limits: [
        { metric: "cost", window: "day", amount: "5" },
        { metric: "requests", window: "60s", amount: "60" },
      ],
      expires: "",
    },
  },
  {
    id: "ci",
    name: "CI",
    hint: "Sandbox only, expires in 90 days",
    apply: {
      icon: "flask",
      environment: "sandbox",
      limits: [{ metric: "concurrency", window: "", amount: "8" }],
      expires: "90d",
    },
  },
];

export const LIMIT_WINDOWS: { value: string; name: string; metrics: Metric[] }[] = [
  { value: "60s", name: "per minute", metrics: ["cost", "tokens", "requests"] },
  { value: "hour", name: "per hour", metrics: ["cost", "tokens", "requests"] },
  { value: "day", name: "per day", metrics: ["cost", "tokens", "requests"] },
  { value: "week", name: "per week", metrics: ["cost", "tokens", "requests"] },
  { value: "month", name: "per month", metrics: ["cost", "tokens", "requests"] },
  { value: "year", name: "per year", metrics: ["cost", "tokens", "requests"] },
  { value: "30d", name: "every 30 days", metrics: ["cost", "tokens", "requests"] },
  { value: "lifetime", name: "in all", metrics: ["cost", "tokens", "requests"] },
  { value: "request", name: "per request", metrics: ["cost", "tokens"] },
];

// "1.5M", "2k", "1,000" → a whole number; money keeps its decimals. Null for what is neither.
export function readAmount(metric: Metric, text: string): string | number | null {
  const bare = text.trim().replace(/^\$/, "").replace(/[,_\s]/g, "");
  if (metric === "cost") return /^\d{1,10}(\.\d{1,9})?$/.test(bare) ? bare : null;
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?([kKmMbB]?)$/.exec(bare);
  if (!match) return null;
  const zeros = { k: 3, m: 6, b: 9 }[match[3]!.toLowerCase() as "k" | "m" | "b"] ?? 0;
  const fraction = match[2] ?? "";
  if (fraction.length > zeros) return null;
  const value = Number(`${match[1]}${fraction.padEnd(zeros, "0")}`);
  return Number.isSafeInteger(value) && value <= 1e15 ? value : null;
}

export interface DraftProblem {
  param: string;
  message: string;
}

export function problemsOf(draft: KeyDraft): DraftProblem[] {
  const problems: DraftProblem[] = [];
  const bytes = [...draft.name.trim()].length;
  if (bytes === 0) problems.push({ param: "name", message: "Give the key a name." });
  if (bytes > 128) problems.push({ param: "name", message: "At most 128 characters." });
  const seen = new Set<string>();
  draft.limits.forEach((limit, index) => {
    if (readAmount(limit.metric, limit.amount) === null) {
      const example = limit.metric === "cost" ? "25 or 0.50" : "1000, 50k or 1.5M";
      problems.push({ param: `limits[${index}].amount`, message: `A number, such as ${example}.` });
    }
    const identity = `${limit.metric}/${limit.window}`;
    if (seen.has(identity)) {
      problems.push({ param: `limits[${index}].window`, message: "There is a limit of this kind already." });
    }
    seen.add(identity);
  });
  return problems;
}

// The moment a draft's expiry means; null for never.
export function expiryOf(expires: string, now: number): string | null {
  if (!expires) return null;
  const days = /^(\d+)d$/.exec(expires);
  if (days) return new Date(now + Number(days[1]) * 86_400_000).toISOString();
  return expires.length === 10 ? `${expires}T00:00:00Z` : expires;
}

export function limitRules(limits: LimitDraft[]) {
  return limits.map(({ metric, window, amount }) => ({
    metric,
    ...(metric === "concurrency" ? {} : { window }),
    amount: readAmount(metric, amount) ?? 0,
  }));
}

// The body of POST /admin/v1/keys: what was left as it is by default is left out.
export function createBody(draft: KeyDraft, now: number): Record<string, unknown> & { name: string } {
  const management = draft.type === "management";
  const body: Record<string, unknown> & { name: string } = { name: draft.name.trim() };
  if (draft.description.trim()) body["description"] = draft.description.trim();
  if (draft.icon) body["icon"] = draft.icon;
  if (draft.tags.length) body["tags"] = draft.tags;
  if (draft.allowed_ips.length) body["allowed_ips"] = draft.allowed_ips;
  const expires = expiryOf(draft.expires, now);
  if (expires) body["expires_at"] = expires;
  if (management) return { ...body, type: "management", role: draft.role };
  body["environment"] = draft.environment;
  if (draft.models.length) body["models"] = draft.models;
  if (draft.region.trim()) body["region"] = draft.region.trim();
  if (draft.limits.length) body["limits"] = limitRules(draft.limits);
  if (draft.enforcement === "soft") body["enforcement"] = "soft";
  if (draft.prefer_low_carbon) body["prefer_low_carbon"] = true;
  return body;
}

const shortRule = (limit: LimitDraft) => {
  const amount = readAmount(limit.metric, limit.amount);
  if (amount === null) return null;
  if (limit.metric === "concurrency") return `${amountText("concurrency", amount)} at once`;
  return ruleText({ metric: limit.metric, window: limit.window, amount });
};

// "$25 / month"; what cannot be read stands as it was typed.
export const limitText = (limit: LimitDraft): string => shortRule(limit) ?? (limit.amount.trim() || "…");

// The folded lines' present values.
export const summaryOf = {
  limits: (draft: KeyDraft): string =>
    draft.limits.map(shortRule).filter((rule) => rule !== null).join(" · ") || "none",
  scope: (draft: KeyDraft): string => {
    const parts = [draft.models.length ? draft.models.join(", ") : "every model"];
    if (draft.region) parts.push(draft.region);
    if (draft.allowed_ips.length) parts.push(plural(draft.allowed_ips.length, "network"));
    return parts.join(" · ");
  },
  expiry: (draft: KeyDraft): string => {
    if (!draft.expires) return "never";
    const days = /^(\d+)d$/.exec(draft.expires);
    return days ? `in ${days[1]} days` : formatDate(`${draft.expires.slice(0, 10)}T00:00:00Z`);
  },
  details: (draft: KeyDraft): string => {
    const parts = [draft.description.trim(), draft.icon && `${draft.icon} icon`, ...draft.tags.map((tag) => `#${tag}`)].filter(Boolean);
    return parts.join(" · ") || "none";
  },
};

const DUTIES: Record<string, string> = {
  viewer: "read its workspace",
  member: "read its workspace and make keys of its own",
  admin: "administer its workspace",
};

// A key's policy as a sentence: “May call openai/* in eu-west, from 2 networks, until 1 March 2027.”
export function policySentence(key: {
  type: string;
  role?: string | null;
  models: string[];
  region: string | null;
  allowed_ips: string[];
  expires_at: string | null;
  environment: string;
}): string {
  const where = key.allowed_ips.length ? `, from ${plural(key.allowed_ips.length, "network")}` : "";
  const until = key.expires_at ? `, until ${formatDate(key.expires_at)}` : "";
  if (key.type === "management") return `May ${DUTIES[key.role ?? "viewer"] ?? "read its workspace"}${where}${until}.`;
  if (key.environment === "sandbox") return `May call the sandbox only${where}${until}.`;
  const models = key.models.length ? joinWords(key.models) : "every model";
  return `May call ${models}${key.region ? ` in ${key.region}` : ""}${where}${until}.`;
}
