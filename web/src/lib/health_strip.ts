// The strip of a provider's health: a slot for each half minute of the last five.
import type { Health } from "@/api/contract";

export interface HealthSlot {
  at: string;
  state: "healthy" | "degraded" | "down" | "idle";
  says: string;
}

// As SPEC §6 has it of an offer; a slot without attempts is idle.
function stateOf(successes: number, failures: number): HealthSlot["state"] {
  const all = successes + failures;
  if (all === 0) return "idle";
  if (successes / all >= 0.95) return "healthy";
  return successes / all < 0.7 ? "down" : "degraded";
}

export const stripOf = (history: NonNullable<Health["history"]>): HealthSlot[] =>
  history.map(({ at, successes, failures }) => {
    const all = successes + failures;
    return {
      at,
      state: stateOf(successes, failures),
      says: all === 0 ? "no attempt" : `${failures} of ${all} failed`,
    };
  });
