// A request that is pinned to no region tries its first choice's region first (and only then the better ones elsewhere),
// so that the order of the candidates is not always that of their scores.
export interface Candidate {
  region: string;
  score: number;
}

// Whether it stands before a better one because it is in the first choice's region.
export function isRegionFirst(candidates: readonly Candidate[], index: number): boolean {
  const first = candidates[0];
  const one = candidates[index];
  if (!first || !one || index === 0 || one.region === "" || one.region !== first.region) return false;
  return candidates.slice(index + 1).some((other) => other.region !== first.region && other.score > one.score);
}
