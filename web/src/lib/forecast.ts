// The day the balance runs out, if the mean of the last days goes on.
import { decimalOf, nanoOf } from "./money";

export const FORECAST_DAYS = 14;

export type Forecast = { kind: "spent" } | { kind: "never" } | { kind: "on"; on: string; perDay: string };

// `charged` are whole days and today; the mean is of all of them.
export function forecast(available: string, charged: string[], now: number): Forecast {
  const left = nanoOf(available) ?? 0n;
  if (left <= 0n) return { kind: "spent" };
  const sum = charged.reduce((all, day) => all + (nanoOf(day) ?? 0n), 0n);
  if (sum <= 0n || charged.length === 0) return { kind: "never" };
  const perDay = sum / BigInt(charged.length);
  if (perDay === 0n) return { kind: "never" };
  const days = left / perDay;
  if (days > 3650n) return { kind: "never" };
  const rest = Number(((left % perDay) * 1000n) / perDay) / 1000;
  return { kind: "on", on: new Date(now + (Number(days) + rest) * 86_400_000).toISOString(), perDay: decimalOf(perDay) };
}
