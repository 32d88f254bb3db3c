// Models: what can be called, where, and at which price.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";

import type { Model } from "@/api/contract";
import { modelsQuery } from "@/api/queries";
import { BESIDE, useCloseBeside } from "@/app/beside";
import { useHere } from "@/app/session";
import { formatCompact, formatCount, plural } from "@/lib/format";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { Cut } from "@/ui/cut";
import { SidePanel } from "@/ui/dialog";
import { Empty, ReadProblem, RowShapes } from "@/ui/notice";
import { Fact, Facts, PageHead } from "@/ui/page";
import { RowBones, Waiting } from "@/ui/skeleton";
import { Tag } from "@/ui/status";
import { type Column, Table } from "@/ui/table";

// Facts that newer gateways tell beside the ones of the list.
type Known = Model & { name?: string | null; kind?: string | null; tier?: string; quality?: number; capabilities?: Record<string, boolean | null> | null };

const price = (model: Known, kind: string): string => {
  const prices = (model.prices ?? model.offers[0]?.prices ?? {}) as Record<string, unknown>;
  if (typeof prices[kind] !== "string") return "–";
  const [whole, part = ""] = prices[kind].split(".");
  return `$${whole}.${part.padEnd(2, "0")}`;
};
const abilities = (model: Known): string[] => Object.entries(model.capabilities ?? {}).filter(([, can]) => can === true).map(([name]) => name.replaceAll("_", " "));

const COLUMNS: Column<Known>[] = [
  {
    name: "Model",
    cell: (model) => (
      <span className="flex max-w-80 items-center gap-2 max-sm:max-w-36">
        <Cut text={model.id} className="font-mono text-xs" />
        {model.sandbox && <span className="max-sm:hidden"><Tag tone="sandbox">Sandbox</Tag></span>}
      </span>
    ),
  },
  { name: "Providers", wide: true, cell: (model) => <Cut text={[...new Set(model.offers.map((offer) => offer.provider))].join(", ") || "none"} className="max-w-48 text-muted" /> },
  { name: "Tier", wide: true, cell: (model) => (model.tier ? <Tag>{model.tier}</Tag> : <span className="text-muted">–</span>) },
  { name: "Context", className: "text-right", wide: true, cell: (model) => <span className="numbers" title={plural(model.context_window ?? 0, "token")}>{model.context_window ? formatCompact(model.context_window) : "–"}</span> },
  { name: "Input / M", className: "text-right", cell: (model) => <span className="numbers">{price(model, "input")}</span> },
  { name: "Output / M", className: "text-right", cell: (model) => <span className="numbers">{price(model, "output")}</span> },
];

export function ModelsPage() {
  const { workspace, may } = useHere();
  const { search = "", object } = useSearch({ from: "/shell/models" });
  const navigate = useNavigate({ from: "/models" });
  const models = useQuery(modelsQuery(workspace));
  const all = (models.data?.data ?? []) as Known[];
  const wanted = search.toLowerCase();
  const rows = wanted ? all.filter((model) => `${model.id} ${model.name ?? ""} ${model.offers.map((offer) => offer.provider).join(" ")}`.toLowerCase().includes(wanted)) : all;
  const closeModel = useCloseBeside(() => void navigate({ search: (before) => ({ ...before, object: undefined }), replace: true }));
  const open = all.find((model) => model.id === object);
  return (
    <>
      <PageHead
        title="Models"
        actions={
          <div className="relative max-sm:flex-1">
            <Search aria-hidden className="pointer-events-none absolute top-2.5 left-2.5 size-4 text-muted" />
            <input
              type="search"
              aria-label="Search models"
              placeholder="Model or provider"
              value={search}
              onChange={(event) => void navigate({ search: (before) => ({ ...before, search: event.target.value || undefined }), replace: true })}
              className="h-9 w-56 rounded-control max-sm:w-full border border-edge/60 bg-panel pr-3 pl-8 hover:border-edge"
            />
          </div>
        }
      />
      <div className="rounded-panel border bg-panel">
        {models.isPending && (
          <Waiting label="Loading models">
            <RowBones widths={["w-44", "w-24", "w-16"]} />
          </Waiting>
        )}
        <ReadProblem className="m-4" of={models} />
        {models.data && rows.length === 0 && search && (
          <Empty title="No model is called that" shape={<RowShapes rows={2} />} action={<Button onClick={() => void navigate({ search: {}, replace: true })}>Clear search</Button>} />
        )}
        {models.data && rows.length === 0 && !search && (
          <Empty title="No models yet" shape={<RowShapes />} action={may("operator") && <Button look="primary" onClick={() => void navigate({ to: "/providers", search: { do: "add" } })}>Add provider</Button>}>
            Add a provider: its models and their prices come with it.
          </Empty>
        )}
        {rows.length > 0 && <Table label="Models" columns={COLUMNS} rows={rows} keyOf={(model) => model.id} open={(model) => void navigate({ search: (before) => ({ ...before, object: model.id }), state: BESIDE })} />}
      </div>
      {open && <ModelDetail of={open} onClose={closeModel} />}
    </>
  );
}

function ModelDetail({ of, onClose }: { of: Known; onClose: () => void }) {
  const can = abilities(of);
  return (
    <SidePanel open onOpenChange={(next) => !next && onClose()} title={<bdi>{of.name ?? of.id}</bdi>}>
      <Facts>
        <Fact name="Id" mono>
          <span className="flex items-center gap-1">
            <bdi className="min-w-0 break-all">{of.id}</bdi>
            <CopyButton bare look="quiet" text={of.id} label="Copy the model’s id" />
          </span>
        </Fact>
        {of.kind && <Fact name="Kind">{of.kind}</Fact>}
        <Fact name="Context">{of.context_window ? `${formatCount(of.context_window)} tokens` : "unknown"}</Fact>
        <Fact name="Output">{of.max_output_tokens ? `at most ${formatCount(of.max_output_tokens)} tokens` : "unknown"}</Fact>
        {of.tier && <Fact name="Tier">{of.tier}{of.quality !== undefined ? `, quality ${of.quality} of 100` : ""}</Fact>}
        {can.length > 0 && <Fact name="Can">{can.join(", ")}</Fact>}
      </Facts>
      <h3 className="mt-6 mb-3 text-sm font-semibold">{plural(of.offers.length, "offer")}</h3>
      <div className="space-y-3">
        {of.offers.map((offer) => (
          <section key={`${offer.provider}/${offer.region}`} className="overflow-hidden rounded-panel border">
            <header className="flex items-center gap-2 border-b bg-sunken px-3 py-2 text-sm">
              <bdi className="flex-1 font-medium">{offer.provider}</bdi>
              {offer.region && <Tag>{offer.region}</Tag>}
            </header>
            <table className="w-full text-sm" aria-label={`Prices at ${offer.provider}`}>
              <tbody className="numbers">
                {Object.entries(offer.prices as Record<string, unknown>)
                  .filter((pair): pair is [string, string] => typeof pair[1] === "string")
                  .map(([kind, usd]) => (
                    <tr key={kind} className="border-b last:border-b-0">
                      <th scope="row" className="px-3 py-1.5 text-left font-normal text-muted">{kind.replaceAll("_", " ")}</th>
                      <td className="px-3 py-1.5 text-right">${usd}{kind.startsWith("per_") ? "" : <span className="text-muted"> / M tokens</span>}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
            <p className="border-t px-3 py-1.5 font-mono text-xs text-muted">price {offer.price_version}</p>
          </section>
        ))}
      </div>
    </SidePanel>
  );
}
