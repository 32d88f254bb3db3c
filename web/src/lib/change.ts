// How a figure moved against the stretch of time before it.

export interface Change {
  way: "up" | "down" | "same";
  text: string; // "" when there is nothing to compare with
}

export function change(value: string | number | null, previous: string | number | null, as: "share" | "points" | "count" = "share"): Change {
  if (value === null || previous === null) return { way: "same", text: "" };
  const [now, before] = [Number(value), Number(previous)];
  const way = now > before ? "up" : now < before ? "down" : "same";
  if (as === "count") return { way, text: way === "same" ? "no change" : `${Math.abs(now - before)} ${way === "up" ? "more" : "fewer"}` };
  if (as === "points") {
    const points = Math.abs(now - before) * 100;
    return { way, text: way === "same" ? "no change" : `${points < 0.1 ? "< 0.1" : Number(points.toFixed(1))} points` };
  }
  if (before === 0) return { way, text: "" };
  const share = (Math.abs(now - before) / before) * 100;
  return { way, text: way === "same" ? "no change" : `${share < 1 ? "< 1" : Math.round(share)} %` };
}
