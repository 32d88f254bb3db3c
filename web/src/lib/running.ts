// The hour or day that a chart ends with still runs: what it shows of it is what came so far.

// Whether the last of these moments (Unix seconds, evenly apart) begins a stretch that has not ended.
export function endsRunning(at: readonly number[], nowSeconds: number): boolean {
  if (at.length < 2) return false;
  const last = at.at(-1)!;
  return last <= nowSeconds && nowSeconds < last + (last - at.at(-2)!);
}

type Values = readonly (number | null)[];

// What is drawn in two: what has ended, and the running value by itself, to which a line leads from its last.
export function apart(values: Values, as: "line" | "bars"): { ended: (number | null)[]; running: (number | null)[] } {
  const last = values.length - 1;
  const ended = values.map((value, index) => (index === last ? null : value));
  const joint = as === "line" ? ended.findLastIndex((value) => value !== null) : last;
  return { ended, running: values.map((value, index) => (index === last || index === joint ? value : null)) };
}
