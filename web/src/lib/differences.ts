// Which members of an object changed, as text on both sides.
export interface Difference {
  member: string;
  before: string;
  after: string;
}

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
};

export function differences(before: unknown, after: unknown): Difference[] {
  const old = (before ?? {}) as Record<string, unknown>;
  const now = (after ?? {}) as Record<string, unknown>;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((member) => JSON.stringify(old[member]) !== JSON.stringify(now[member]))
    .map((member) => ({ member, before: shown(old[member]), after: shown(now[member]) }));
}
