// One request beside the list: what came of it, its attempts in time, tokens × price, and why it was
// sent where it was.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { send } from "@/api/client";
import type { UsageRow } from "@/api/contract";
import { modelsQuery } from "@/api/queries";
import { useHere } from "@/app/session";
import { formatCount, formatExact, formatMs } from "@/lib/format";
import { exactMoney } from "@/lib/money";
import { type Prices, priceLines } from "@/lib/price";
import { CopyButton } from "@/ui/copy";
import { Cut } from "@/ui/cut";
import { cx } from "@/ui/cx";
import { SidePanel } from "@/ui/dialog";
import { ProblemNote } from "@/ui/notice";
import { Fact, Facts } from "@/ui/page";
import { Bone, Waiting } from "@/ui/skeleton";
import { HttpStatus, Tag } from "@/ui/status";

import { Decision } from "../decision";

const METERED: Record<string, string> = {
  reported: "as the provider reported",
  counted: "counted by the gateway",
  estimated: "estimated: the provider reported nothing usable",
  interrupted: "interrupted: charged what was reserved",
  overrun: "the provider reported more than was reserved",
};

// Why a row has no decision.
const SIMULATED = "The sandbox answers this key, whatever model it names; there was nothing to choose.";
const NAMED = "The request named its model, and none of its offers was dropped.";

export function UsageDetail({ id, known, onClose }: { id: string; known: UsageRow | undefined; onClose: () => void }) {
  const { workspace } = useHere();
  const row = useQuery({
    queryKey: ["usage", workspace, "one", id],
    queryFn: ({ signal }) => send<UsageRow>("GET", `/admin/v1/usage/${id}`, { query: { workspace }, signal }),
    placeholderData: known,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const shown = row.data ?? known;
  return (
    <SidePanel open onOpenChange={(open) => !open && onClose()} title={shown ? <bdi>{shown.model ?? shown.requested_model}</bdi> : "Request"}>
      {shown ? <Detail of={shown} /> : row.error ? <ProblemNote error={row.error} /> : <Waiting label="Loading the request"><Bone className="h-64 w-full" /></Waiting>}
    </SidePanel>
  );
}

const Part = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <section className="border-t pt-5">
    <h3 className="mb-3 text-sm font-semibold">{title}</h3>
    {children}
  </section>
);

function Detail({ of }: { of: UsageRow }) {
  return (
    <div className="space-y-6">
      <div className="grid grid-cols-3 gap-4">
        <Big name="Status" value={<HttpStatus code={of.status} error={of.error_code} />} />
        <Big name="Cost" value={exactMoney(of.cost)} />
        <Big name="Latency" value={formatMs(of.latency_ms)} />
      </div>
      <Part title="Attempts">
        <Timeline of={of} />
      </Part>
      <Part title="Tokens and price">
        <Priced of={of} />
      </Part>
      <Part title="Routing">
        {of.route_decision ? <Decision of={of.route_decision} /> : <p className="text-sm text-muted">{of.environment === "sandbox" ? SIMULATED : NAMED}</p>}
      </Part>
      <Part title="Request">
        <Facts>
          <Fact name="Key">
            <Link to="/keys/$id" params={{ id: of.key }} className="text-accent underline-offset-4 hover:underline">
              <bdi>{of.key_name}</bdi>
            </Link>
          </Fact>
          <Fact name="Admitted">{formatExact(of.admitted_at)}</Fact>
          <Fact name="Finished">{formatExact(of.finished_at)}</Fact>
          {of.test_time && <Fact name="Test clock">{formatExact(of.test_time)}</Fact>}
          <Fact name="Asked for" mono><bdi>{of.requested_model}</bdi></Fact>
          <Fact name="Streamed">{of.streamed ? `yes, first token after ${formatMs(of.time_to_first_token_ms)}` : "no"}</Fact>
          <Fact name="Client"><bdi>{of.client ?? "–"}</bdi></Fact>
          <Fact name="Address" mono>{of.ip ?? "not kept"}</Fact>
          <Fact name="Generation" mono>
            <Copied text={of.id} label="Copy the generation id" />
          </Fact>
          <Fact name="Request id" mono>
            <Copied text={of.request_id} label="Copy the request id" />
          </Fact>
          <Fact name="Secret" mono>{of.secret}</Fact>
        </Facts>
      </Part>
    </div>
  );
}

const Copied = ({ text, label }: { text: string; label: string }) => (
  <span className="flex items-center gap-1">
    <Cut text={text} />
    <CopyButton bare look="quiet" text={text} label={label} />
  </span>
);

const Big = ({ name, value }: { name: string; value: React.ReactNode }) => (
  <div className="min-w-0">
    <p className="text-xs text-muted">{name}</p>
    <p className="numbers mt-0.5 truncate text-lg font-semibold">{value}</p>
  </div>
);

// Each attempt as long as it took, where it began.
function Timeline({ of }: { of: UsageRow }) {
  const total = Math.max(1, of.latency_ms, of.attempts.reduce((sum, attempt) => sum + attempt.ms, 0));
  let start = 0;
  if (of.attempts.length === 0) return <p className="text-sm text-muted">None was sent upstream.</p>;
  return (
    <ol className="space-y-3">
      {of.attempts.map((attempt, index) => {
        const left = (start / total) * 100;
        start += attempt.ms;
        const ok = attempt.status >= 200 && attempt.status < 400;
        return (
          <li key={index} className="text-sm">
            <div className="mb-1 flex flex-wrap items-baseline gap-x-3">
              <Cut text={attempt.provider} className="font-medium" />
              <Cut text={attempt.model} className="min-w-0 font-mono text-xs text-muted" />
              <span className="ml-auto">{attempt.status === 0 ? <span className="text-bad">no answer</span> : <HttpStatus code={attempt.status} />}</span>
              <span className="numbers text-muted">{formatMs(attempt.ms)}</span>
              {index === of.attempts.length - 1 && of.time_to_first_token_ms !== null && <span className="numbers w-full text-xs text-muted">first token after {formatMs(of.time_to_first_token_ms)}</span>}
            </div>
            <div aria-hidden className="relative h-1.5 rounded-full bg-hover">
              <div className={cx("absolute inset-y-0 min-w-1 rounded-full", ok ? "bg-accent" : "bg-bad")} style={{ left: `${left}%`, width: `${Math.max(1, (attempt.ms / total) * 100)}%` }} />
              {index === of.attempts.length - 1 && of.time_to_first_token_ms !== null && (
                <div className="absolute -inset-y-0.5 w-px bg-ink" style={{ left: `${Math.min(100, (of.time_to_first_token_ms / total) * 100)}%` }} />
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function Priced({ of }: { of: UsageRow }) {
  const { workspace } = useHere();
  const models = useQuery(modelsQuery(workspace));
  const offer = models.data?.data.find((model) => model.id === of.model)?.offers.find((one) => one.provider === of.provider && one.price_version === of.price_version);
  const lines = offer ? priceLines(of, offer.prices as Prices) : null;
  return (
    <>
      <table className="w-full text-sm" aria-label="Tokens and price">
        <thead>
          <tr className="text-xs text-muted">
            <th scope="col" className="pb-1.5 text-left font-medium">Kind</th>
            <th scope="col" className="pb-1.5 text-right font-medium">Tokens</th>
            <th scope="col" className="pb-1.5 text-right font-medium">USD per million</th>
            <th scope="col" className="pb-1.5 text-right font-medium">Cost</th>
          </tr>
        </thead>
        <tbody className="numbers">
          {(lines ?? priceLines(of, {})).map((line) => (
            <tr key={line.kind} className="border-t">
              <td className="py-1.5">{line.kind}</td>
              <td className="py-1.5 text-right">{formatCount(line.tokens)}</td>
              <td className="py-1.5 text-right">{lines ? `× ${line.price}` : "–"}</td>
              <td className="py-1.5 text-right">{lines ? exactMoney(line.cost) : "–"}</td>
            </tr>
          ))}
          <tr className="border-t font-medium">
            <td className="py-1.5" colSpan={3}>
              Cost
            </td>
            <td className="py-1.5 text-right">{exactMoney(of.cost)}</td>
          </tr>
          <tr className="border-t text-muted">
            <td className="py-1.5" colSpan={3}>
              Charged to the balance
            </td>
            <td className="py-1.5 text-right">{exactMoney(of.charged)}</td>
          </tr>
        </tbody>
      </table>
      <p className="mt-2 flex flex-wrap items-center gap-2 text-xs text-muted">
        Metered {METERED[of.metering] ?? of.metering}.
        {of.price_version && <span className="font-mono">price {of.price_version}</span>}
        {of.flags.split(",").filter(Boolean).map((flag) => (
          <Tag key={flag} tone="warning">
            {flag.replaceAll("_", " ")}
          </Tag>
        ))}
      </p>
    </>
  );
}
