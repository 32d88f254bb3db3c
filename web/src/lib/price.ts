// What a request's tokens cost, kind by kind: tokens × price per million. Only shown where the price
// version of the row is the one at hand; the row's own cost is what counts.
import { decimalOf, nanoOf } from "./money";

export interface Prices {
  input?: string;
  cached_input?: string;
  output?: string;
  per_request?: string;
  tiers?: ({ above_input_tokens: number } & Omit<Prices, "tiers" | "per_request">)[];
}

export interface PricedLine {
  kind: string;
  tokens: number;
  price: string; // USD per million
  cost: string; // rounded up, as the ledger does for the whole row
}

export interface PricedRow {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
}

const MILLION = 1_000_000n;

export function priceLines(row: PricedRow, prices: Prices): PricedLine[] {
  // The whole request goes at the highest tier that it exceeds.
  const tier = [...(prices.tiers ?? [])]
    .filter((one) => row.input_tokens > one.above_input_tokens)
    .sort((a, b) => b.above_input_tokens - a.above_input_tokens)[0];
  const at: Prices = { ...prices, ...tier };
  const input = at.input ?? "0";
  const kinds: [string, number, string][] = [
    ["Input", row.input_tokens - row.cached_input_tokens, input],
    ["Cached input", row.cached_input_tokens, at.cached_input ?? input],
    ["Output", row.output_tokens, at.output ?? "0"],
  ];
  return kinds
    .filter(([kind, tokens]) => tokens > 0 || kind !== "Cached input")
    .map(([kind, tokens, price]) => {
      const product = BigInt(tokens) * (nanoOf(price) ?? 0n);
      return { kind, tokens, price, cost: decimalOf((product + MILLION - 1n) / MILLION) };
    });
}
