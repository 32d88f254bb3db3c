// Why an offer was not among the candidates, in words.
const WORDS: Record<string, string> = {
  key_models: "not of the key’s models",
  profile_models: "not of the profile’s models",
  route_models: "not of the request’s models",
  kind: "another kind of model",
  region: "another region",
  tier_floor: "below the tier floor",
  tier_ceiling: "above the tier ceiling",
  vision: "takes no images",
  tools: "calls no tools",
  audio_input: "takes no audio",
  file_input: "takes no files",
  video_input: "takes no video",
  json_schema: "follows no JSON schema",
  tool_calling: "weak at calling tools",
  context_window: "prompt too long",
  down: "down",
  not_priced: "no price",
  cost_cap: "above the cost cap",
};

// One that is newer than these says its own name.
export const reasonText = (why: string): string => WORDS[why] ?? why.replaceAll("_", " ");

// What was dropped beside what is listed: "2 down · 1 no price"; "" when all is listed.
export function restText(listed: readonly { why: string }[], counts: Readonly<Record<string, number>>): string {
  const rest = Object.entries(counts).map(([why, count]) => ({ why, count: count - listed.filter((one) => one.why === why).length }));
  return rest
    .filter(({ count }) => count > 0)
    .map(({ why, count }) => `${count} ${reasonText(why)}`)
    .join(" · ");
}
