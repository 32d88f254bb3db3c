// Several short texts out of one that was typed or pasted: apart by blanks and commas, each once.

// As many as the gateway takes of any.
export const TOKENS_MAX = 256;

export function withTokens(values: string[], raw: string): { values: string[] } | { problem: string } {
  const all = new Set(values);
  for (const part of raw.split(/[\s,]+/)) if (part) all.add(part);
  if (all.size > Math.max(TOKENS_MAX, values.length)) return { problem: `At most ${TOKENS_MAX}; with these it would be ${all.size}.` };
  return { values: [...all] };
}
