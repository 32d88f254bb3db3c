// A routing decision: what was chosen among, in which order, and why each of the rest was dropped.
import type { RouteDecision } from "@/api/contract";
import { reasonText, restText } from "@/lib/drop_reasons";
import { plural } from "@/lib/format";
import { isRegionFirst } from "@/lib/region_first";
import { Cut } from "@/ui/cut";
import { Tag } from "@/ui/status";

const STRATEGIES: Record<string, string> = {
  model: "The request named its model",
  balanced: "Balanced",
  cheapest: "Cheapest first",
  fastest: "Fastest first",
  quality: "Best first",
  ordered: "In the profile’s order",
};

export function Decision({ of }: { of: RouteDecision }) {
  const rest = restText(of.dropped, of.dropped_counts);
  return (
    <div className="space-y-3 text-sm">
      <p className="flex flex-wrap items-center gap-2">
        <span>{STRATEGIES[of.strategy] ?? of.strategy}</span>
        {of.profile && <Tag tone="accent">{of.profile}</Tag>}
        {of.classified && (
          <Tag title={of.confidence === undefined ? undefined : `Confidence ${Math.round(of.confidence * 100)} %`}>
            prompt {of.classified}
            {of.tier && of.tier !== of.classified ? ` → ${of.tier}` : ""}
          </Tag>
        )}
        <span className="text-muted">{plural(of.eligible, "offer")} could serve it</span>
      </p>
      <ol aria-label="Offers, in the order they are tried" className="overflow-hidden rounded-panel border">
        {of.candidates.map((one, index) => (
          <li key={`${one.model}/${one.provider}/${one.region}`} className="flex items-center gap-3 border-b px-3 py-2 last:border-b-0">
            <span aria-hidden className="numbers w-4 text-xs text-muted">{index + 1}</span>
            <span className="min-w-0 flex-1">
              <Cut text={one.model} className="font-mono text-xs leading-5" />
              <span className="block text-xs text-muted">
                {one.provider}
                {one.region ? ` · ${one.region}` : ""}
                {one.health !== "healthy" ? ` · ${one.health}` : ""}
              </span>
            </span>
            {index === 0 && <Tag tone="accent">first choice</Tag>}
            {isRegionFirst(of.candidates, index) && (
              <span className="shrink-0 text-xs text-muted" title={`A request that is pinned to no region tries ${one.region}, its first choice’s, before the others`}>
                same region first
              </span>
            )}
            <span className="numbers text-xs text-muted" title="Score">
              {one.score.toFixed(3)}
            </span>
          </li>
        ))}
        {of.dropped.map((one) => (
          <li key={`${one.model}/${one.provider}/${one.region}/${one.why}`} className="flex items-center gap-3 border-b bg-sunken px-3 py-2 last:border-b-0">
            <span aria-hidden className="w-4 text-center text-xs text-muted">
              ✕
            </span>
            <span className="min-w-0 flex-1">
              <Cut text={one.model} className="font-mono text-xs leading-5 text-muted line-through decoration-1" />
              <span className="block text-xs text-muted">
                {one.provider}
                {one.region ? ` · ${one.region}` : ""}
              </span>
            </span>
            <span className="shrink-0 text-right text-xs">{reasonText(one.why)}</span>
          </li>
        ))}
      </ol>
      {rest && <p className="text-xs text-muted">Also dropped: {rest}</p>}
    </div>
  );
}
