// A profile's rules as the page edits them: only what differs is sent, and they read as a sentence.
import { formatMoney } from "./money";

export const TIERS = ["NANO", "SIMPLE", "LIGHT", "STANDARD", "COMPLEX"] as const;

export interface Rules {
  name: string;
  description?: string;
  strategy?: string | string[];
  tier_floor?: string;
  tier_ceiling?: string;
  capabilities?: Partial<Record<string, boolean>>;
  cost_cap?: string | null;
  min_tool_calling?: number;
  region?: string;
  models?: string[];
  honor_model?: boolean;
}

const MEMBERS = ["name", "description", "strategy", "tier_floor", "tier_ceiling", "capabilities", "cost_cap", "min_tool_calling", "region", "models", "honor_model"] as const;

// The rules of a profile, without what stands beside them.
export function rulesOf<T extends Rules>(profile: T): Pick<T, (typeof MEMBERS)[number]> {
  return Object.fromEntries(MEMBERS.filter((member) => profile[member] !== undefined).map((member) => [member, profile[member]])) as Pick<T, (typeof MEMBERS)[number]>;
}

export function changedRules(before: Rules, after: Rules): Record<string, unknown> {
  return Object.fromEntries(MEMBERS.filter((member) => after[member] !== undefined && JSON.stringify(before[member]) !== JSON.stringify(after[member])).map((member) => [member, after[member]]));
}

const STRATEGY: Record<string, string> = {
  balanced: "Balances health, price and speed",
  cheapest: "Chooses the cheapest",
  fastest: "Chooses the fastest",
  quality: "Chooses the best",
};

export function sentenceOf(rules: Rules): string {
  const how = Array.isArray(rules.strategy) ? `Tries ${rules.strategy.join(", ") || "no model yet"} in this order` : (STRATEGY[rules.strategy ?? "balanced"] ?? "Chooses");
  const models = !Array.isArray(rules.strategy) && rules.models?.length ? ` of ${rules.models.join(", ")}` : "";
  const floor = rules.tier_floor && rules.tier_floor !== "NANO" ? rules.tier_floor : null;
  const ceiling = rules.tier_ceiling && rules.tier_ceiling !== "COMPLEX" ? rules.tier_ceiling : null;
  const tiers = floor && ceiling ? `, from ${floor} to ${ceiling}` : floor ? `, ${floor} or better` : ceiling ? `, at most ${ceiling}` : "";
  const region = rules.region ? `, in ${rules.region} only` : "";
  const cap = rules.cost_cap ? `, for at most ${formatMoney(rules.cost_cap)} a request` : "";
  return `${how}${models}${tiers}${region}${cap}.`;
}
