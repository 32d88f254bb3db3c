// The arithmetic behind the limit bar: settled, held and free as shares of the amount, and the words
// beside it. Shares are for drawing; the numbers shown are the API's own.
import { formatCompact, formatCount, formatUntil } from "./format";
import { exactMoney, formatMoney, nanoOf } from "./money";

export type Metric = "cost" | "tokens" | "requests" | "concurrency";
export type Quantity = string | number;

export interface LimitLike {
  metric: Metric;
  window: string | null;
  amount: Quantity;
  used: Quantity;
  held: Quantity;
  remaining: Quantity;
  resets_at: string | null;
}

const SCALE = 10_000n;

function units(metric: Metric, value: Quantity): bigint {
  if (metric === "cost") return nanoOf(String(value)) ?? 0n;
  return BigInt(Math.trunc(Number(value)));
}

export interface Shares {
  settled: number; // 0 to 1
  held: number; // what still fits beside settled
  full: boolean;
  over: boolean; // a soft key may settle more than its limit
}

export function sharesOf(limit: LimitLike): Shares {
  const amount = units(limit.metric, limit.amount);
  const used = units(limit.metric, limit.used);
  const held = units(limit.metric, limit.held);
  if (amount <= 0n) return { settled: 1, held: 0, full: true, over: used > 0n };
  const share = (part: bigint) => {
    if (part <= 0n) return 0;
    if (part >= amount) return 1;
    // What is there is seen: a hair is drawn for the smallest use, and none is all before it is all.
    const scaled = (part * SCALE) / amount;
    return Number(scaled === 0n ? 1n : scaled) / Number(SCALE);
  };
  const settled = share(used);
  return {
    settled,
    held: Math.min(share(held), 1 - settled),
    full: used + held >= amount,
    over: used > amount,
  };
}

// How near the end: what decides the bar's colour and which limit stands for the key.
export function levelOf(limit: LimitLike): "calm" | "near" | "full" {
  const shares = sharesOf(limit);
  if (shares.full) return "full";
  return shares.settled + shares.held >= 0.8 ? "near" : "calm";
}

// The one nearest its end; of equals, the first.
export function tightest<T extends LimitLike>(limits: readonly T[]): T | null {
  let found: T | null = null;
  let most = -1;
  for (const limit of limits) {
    const shares = sharesOf(limit);
    const taken = shares.settled + shares.held;
    if (taken > most) [found, most] = [limit, taken];
  }
  return found;
}

export function quantity(metric: Metric, value: Quantity, style: "short" | "exact" = "short"): string {
  if (metric === "cost") {
    return style === "exact" ? exactMoney(String(value)) : formatMoney(String(value));
  }
  return style === "exact" ? formatCount(Number(value)) : formatCompact(Number(value));
}

// "$25", not "$25.00": amounts that people chose.
export function amountText(metric: Metric, value: Quantity): string {
  return quantity(metric, value).replace(/\.00$/, "");
}

const WINDOWS: Record<string, string> = {
  "60s": "minute",
  hour: "hour",
  day: "day",
  week: "week",
  month: "month",
  year: "year",
  lifetime: "in all",
  request: "request",
};

export function windowName(window: string | null): string {
  if (window === null) return "at once";
  return WINDOWS[window] ?? `${window.replace(/d$/, "")} days`;
}

// "of $25 / month", "of 4 at once".
export function ofText(limit: Pick<LimitLike, "metric" | "window" | "amount">): string {
  const name = windowName(limit.window);
  const many = Number(limit.amount) === 1 ? "" : "s";
  const unit = limit.metric === "tokens" ? ` token${many}` : limit.metric === "requests" ? ` request${many}` : "";
  const amount = `${amountText(limit.metric, limit.amount)}${unit}`;
  return name === "at once" || name === "in all" ? `of ${amount} ${name}` : `of ${amount} / ${name}`;
}

export function ruleText(rule: Pick<LimitLike, "metric" | "window" | "amount">): string {
  return ofText(rule).slice(3);
}

// "resets in 4 h"; in a table's line, where each letter counts, "resets 4 h".
export function resetText(limit: LimitLike, now: number, style: "short" | "whole" = "whole"): string | null {
  if (!limit.resets_at) return null;
  return `resets ${style === "short" ? "" : "in "}${formatUntil(limit.resets_at, now)}`;
}

// One sentence for those who do not see the bar.
export function spokenLimit(limit: LimitLike): string {
  const used = quantity(limit.metric, limit.used, "exact");
  const held = quantity(limit.metric, limit.held, "exact");
  const left = quantity(limit.metric, limit.remaining, "exact");
  return `${used} used, ${held} held, ${left} free ${ofText(limit)}`;
}
