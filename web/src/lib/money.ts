// Money as the API has it: decimal strings of USD with up to nine decimals. Arithmetic is on integers of
// nano-dollars, as in the gateway; nothing here rounds unless it says so.

const NANO = 1_000_000_000n;

// Nano-dollars of a decimal string; null for what is not one.
export function nanoOf(text: string): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (!match) return null;
  const nano = BigInt(match[2]!) * NANO + BigInt((match[3] ?? "").padEnd(9, "0"));
  return match[1] ? -nano : nano;
}

// The decimal string of nano-dollars, without zeros at its end.
export function decimalOf(nano: bigint): string {
  const sign = nano < 0n ? "-" : "";
  const size = nano < 0n ? -nano : nano;
  const fraction = (size % NANO).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${size / NANO}${fraction ? `.${fraction}` : ""}`;
}

const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

// How people read it: $18.20, $1,204.00; below a cent every digit that says something, at most
// `digits` significant ones, rounded up as costs are.
export function formatMoney(text: string | null | undefined, digits = 3): string {
  if (text === null || text === undefined) return "–";
  const nano = nanoOf(text);
  if (nano === null) return text;
  const sign = nano < 0n ? "−" : "";
  const size = nano < 0n ? -nano : nano;
  if (size === 0n) return "$0";
  if (size >= 10_000_000n) {
    const cents = (size + 5_000_000n) / 10_000_000n;
    return `${sign}$${grouped((cents / 100n).toString())}.${(cents % 100n).toString().padStart(2, "0")}`;
  }
  const step = 10n ** BigInt(Math.max(0, size.toString().length - digits));
  return `${sign}$${decimalOf(((size + step - 1n) / step) * step)}`;
}

// Every digit, for details and tooltips.
export function exactMoney(text: string | null | undefined): string {
  if (text === null || text === undefined) return "–";
  const nano = nanoOf(text);
  if (nano === null) return text;
  const exact = decimalOf(nano < 0n ? -nano : nano);
  const [whole, fraction] = exact.split(".");
  return `${nano < 0n ? "−" : ""}$${grouped(whole!)}${fraction ? `.${fraction.padEnd(2, "0")}` : ""}`;
}

// What a chart draws; never what anything is decided by.
export const moneyNumber = (text: string): number => Number(nanoOf(text) ?? 0n) / 1e9;
