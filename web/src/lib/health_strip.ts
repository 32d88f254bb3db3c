// The strip of a provider's health: one slot every ten seconds, for five minutes.
export const HEALTH_SLOTS = 30;
const SLOT_MS = 10_000;

export interface HealthSlot {
  at: number;
  state: string;
  share: number | null; // of successes; null without outcomes
}

// What is known of one slot is what was seen last in it.
export function remember(slots: HealthSlot[], seen: HealthSlot): HealthSlot[] {
  const slot = (at: number) => Math.floor(at / SLOT_MS);
  const kept = slots.filter((one) => slot(one.at) !== slot(seen.at) && slot(one.at) > slot(seen.at) - HEALTH_SLOTS);
  return [...kept, seen];
}
