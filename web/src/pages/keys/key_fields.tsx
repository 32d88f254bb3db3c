// The fields of a key: folded in the dialog that creates one, where each fold tells its present value in one line while it is
// closed; and part by part where one is edited.
import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useId, useState } from "react";

import { modelsQuery } from "@/api/queries";
import { useHere } from "@/app/session";
import { gatewayNow } from "@/lib/clock";
import { type DraftProblem, type KeyDraft, LIMIT_WINDOWS, type LimitDraft, summaryOf } from "@/lib/key_form";
import type { Metric } from "@/lib/limits";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Check, Field, Input, Select, Textarea, TokensInput } from "@/ui/field";
import { KEY_ICONS } from "@/ui/key_icon";

export interface FieldsProps {
  draft: KeyDraft;
  change: (changes: Partial<KeyDraft>) => void;
  problems: DraftProblem[];
}

const problemAt = (problems: DraftProblem[], param: string) =>
  problems.find((problem) => problem.param === param || problem.param.startsWith(`${param}[`) || problem.param.startsWith(`${param}.`))?.message;

export function Fold({ name, summary, children, startOpen, wrong }: { name: string; summary: string; children: ReactNode; startOpen?: boolean; wrong?: boolean }) {
  const [open, setOpen] = useState(startOpen ?? false);
  const id = useId();
  const shown = open || wrong === true;
  return (
    <div className="border-t">
      <button
        type="button"
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => setOpen(!shown)}
        className="flex w-full items-center gap-2 py-3 text-left outline-offset-[-2px]"
      >
        <ChevronRight aria-hidden className={cx("size-4 shrink-0 text-muted transition-transform duration-[120ms]", shown && "rotate-90")} />
        <span className="font-medium">{name}</span>
        <span className="min-w-0 flex-1 truncate text-right text-sm text-muted">
          <bdi>{summary}</bdi>
        </span>
      </button>
      {shown && (
        <div id={id} className="animate-appear space-y-4 pb-5 pl-6">
          {children}
        </div>
      )}
    </div>
  );
}

const METRICS: { value: Metric; name: string }[] = [
  { value: "cost", name: "Cost (USD)" },
  { value: "tokens", name: "Tokens" },
  { value: "requests", name: "Requests" },
  { value: "concurrency", name: "Parallel requests" },
];

// The first metric and window that is not limited yet.
export function nextLimit(limits: LimitDraft[]): LimitDraft {
  const wanted: LimitDraft[] = [
    { metric: "cost", window: "month", amount: "" },
    { metric: "requests", window: "60s", amount: "" },
    { metric: "tokens", window: "60s", amount: "" },
    { metric: "concurrency", window: "", amount: "" },
    { metric: "cost", window: "day", amount: "" },
  ];
  return wanted.find((one) => !limits.some((other) => other.metric === one.metric && other.window === one.window)) ?? { metric: "tokens", window: "day", amount: "" };
}

function LimitRow({ limit, index, change, remove, problem, fresh }: { fresh: boolean; limit: LimitDraft; index: number; change: (limit: LimitDraft) => void; remove: () => void; problem?: string }) {
  const windows = LIMIT_WINDOWS.filter((window) => window.metrics.includes(limit.metric));
  const known = windows.some((window) => window.value === limit.window);
  const number = index + 1;
  const onMetric = (metric: Metric) => {
    const fits = LIMIT_WINDOWS.some((window) => window.value === limit.window && window.metrics.includes(metric));
    change({ ...limit, metric, window: metric === "concurrency" ? "" : fits ? limit.window : "month" });
  };
  return (
    <div>
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_32px] gap-2 sm:grid-cols-[150px_minmax(0,1fr)_150px_32px]">
        <Select aria-label={`Metric of limit ${number}`} value={limit.metric} onChange={(event) => onMetric(event.target.value as Metric)}>
          {METRICS.map((metric) => (
            <option key={metric.value} value={metric.value}>
              {metric.name}
            </option>
          ))}
        </Select>
        <Input
          aria-label={`Amount of limit ${number}`}
          aria-invalid={problem ? true : undefined}
          autoFocus={fresh}
          inputMode="decimal"
          placeholder={limit.metric === "cost" ? "25" : limit.metric === "tokens" ? "1M" : "60"}
          value={limit.amount}
          onChange={(event) => change({ ...limit, amount: event.target.value })}
          className="numbers col-span-2 sm:col-span-1"
        />
        {limit.metric === "concurrency" ? (
          <span className="col-span-2 flex h-9 items-center px-3 text-sm text-muted sm:col-span-1">at once</span>
        ) : (
          <Select aria-label={`Window of limit ${number}`} className="col-span-2 sm:col-span-1" value={limit.window} onChange={(event) => change({ ...limit, window: event.target.value })}>
            {!known && <option value={limit.window}>every {limit.window.replace("d", " days")}</option>}
            {windows.map((window) => (
              <option key={window.value} value={window.value}>
                {window.name}
              </option>
            ))}
          </Select>
        )}
        <Button look="quiet" size="icon" className="!h-9" aria-label={`Remove limit ${number}`} onClick={remove}>
          <Trash2 aria-hidden className="size-4" />
        </Button>
      </div>
      {problem && <p className="mt-1.5 text-xs text-bad">{problem}</p>}
    </div>
  );
}

export function LimitsFields({ draft, change, problems }: FieldsProps) {
  const [added, setAdded] = useState(draft.limits.length === 1 && draft.limits[0]!.amount === "" ? 0 : null);
  const set = (index: number, limit: LimitDraft | null) =>
    change({ limits: draft.limits.flatMap((old, at) => (at !== index ? [old] : limit ? [limit] : [])) });
  const add = () => {
    setAdded(draft.limits.length);
    change({ limits: [...draft.limits, nextLimit(draft.limits)] });
  };
  return (
    <>
      {draft.limits.map((limit, index) => (
        <LimitRow
          key={index}
          limit={limit}
          index={index}
          change={(next) => set(index, next)}
          remove={() => set(index, null)}
          fresh={index === added}
          problem={problemAt(problems, `limits[${index}].amount`) ?? problemAt(problems, `limits[${index}].window`) ?? problemAt(problems, `limits[${index}]`)}
        />
      ))}
      <Button size="small" icon={<Plus aria-hidden className="size-3.5" />} disabled={draft.limits.length >= 32} onClick={add}>
        Add limit
      </Button>
      {draft.limits.length > 0 && (
        <Check checked={draft.enforcement === "soft"} onChange={(soft) => change({ enforcement: soft ? "soft" : "hard" })}>
          Let requests under way finish above a limit <span className="text-muted">(soft; a hard limit is never passed)</span>
        </Check>
      )}
    </>
  );
}

export function ScopeFields({ draft, change, problems }: FieldsProps) {
  const { workspace } = useHere();
  const models = useQuery(modelsQuery(workspace));
  const ids = (models.data?.data ?? []).filter((model) => !model.sandbox).map((model) => model.id);
  const creators = [...new Set(ids.map((id) => `${id.split("/")[0]}/*`))];
  return (
    <>
      {draft.type === "standard" && (
        <>
          <Field label="Models" optional hint="Ids and wildcards such as openai/*. Empty allows every model." problem={problemAt(problems, "models")}>
            {(field) => <TokensInput {...field} mono values={draft.models} suggestions={[...creators, ...ids]} placeholder="openai/*" onChange={(values) => change({ models: values })} />}
          </Field>
          <Field label="Region" optional hint="Requests are served there or not at all." problem={problemAt(problems, "region")}>
            {(field) => <Input {...field} value={draft.region} placeholder="eu-west" onChange={(event) => change({ region: event.target.value })} />}
          </Field>
        </>
      )}
      <Field label="Networks" optional hint="Addresses or CIDR networks that may use the key. Empty allows every address." problem={problemAt(problems, "allowed_ips")}>
        {(field) => <TokensInput {...field} mono values={draft.allowed_ips} placeholder="203.0.113.0/24" onChange={(values) => change({ allowed_ips: values })} />}
      </Field>
    </>
  );
}

export function CarbonField({ draft, change }: FieldsProps) {
  if (draft.type !== "standard") return null;
  return (
    <Check checked={draft.prefer_low_carbon} onChange={(prefer_low_carbon) => change({ prefer_low_carbon })}>
      Prefer providers on a low-carbon grid
    </Check>
  );
}

const EXPIRIES = [
  { value: "", name: "Never" },
  { value: "7d", name: "In 7 days" },
  { value: "30d", name: "In 30 days" },
  { value: "90d", name: "In 90 days" },
  { value: "365d", name: "In a year" },
];

export function ExpiryFields({ draft, change, problems }: FieldsProps) {
  const dated = draft.expires !== "" && !EXPIRIES.some((expiry) => expiry.value === draft.expires);
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(160px,1fr))] gap-3">
      <Field label="Expires" problem={problemAt(problems, "expires_at")}>
        {(field) => (
          <Select {...field} value={dated ? "date" : draft.expires} onChange={(event) => change({ expires: event.target.value === "date" ? new Date(gatewayNow() + 30 * 86_400_000).toISOString().slice(0, 10) : event.target.value })}>
            {EXPIRIES.map((expiry) => (
              <option key={expiry.value} value={expiry.value}>
                {expiry.name}
              </option>
            ))}
            <option value="date">On a date</option>
          </Select>
        )}
      </Field>
      {dated && (
        <Field label="Date (midnight, UTC)">
          {(field) => <Input {...field} type="date" value={draft.expires.slice(0, 10)} onChange={(event) => change({ expires: event.target.value })} />}
        </Field>
      )}
    </div>
  );
}

export function DetailsFields({ draft, change, problems }: FieldsProps) {
  return (
    <>
      <Field label="Description" optional problem={problemAt(problems, "description")}>
        {(field) => <Textarea {...field} rows={2} maxLength={1024} value={draft.description} onChange={(event) => change({ description: event.target.value })} />}
      </Field>
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">Icon</legend>
        <div className="flex flex-wrap gap-1">
          {Object.entries(KEY_ICONS).map(([name, Shape]) => (
            <button
              key={name}
              type="button"
              aria-label={name}
              aria-pressed={draft.icon === name}
              onClick={() => change({ icon: draft.icon === name ? "" : name })}
              className={cx("grid size-8 place-items-center rounded-control border", draft.icon === name ? "border-accent bg-accent-soft text-accent" : "text-muted hover:bg-hover")}
            >
              <Shape aria-hidden className="size-4" />
            </button>
          ))}
        </div>
      </fieldset>
      <Field label="Tags" optional problem={problemAt(problems, "tags")}>
        {(field) => <TokensInput {...field} values={draft.tags} placeholder="shop" onChange={(tags) => change({ tags })} />}
      </Field>
    </>
  );
}

export function Folds(props: FieldsProps & { showErrors: boolean }) {
  const { draft, problems, showErrors } = props;
  const wrong = (...params: string[]) => showErrors && params.some((param) => problemAt(problems, param));
  const shown = { ...props, problems: showErrors ? problems : [] };
  return (
    <div>
      {draft.type === "standard" && (
        <Fold name="Limits" summary={summaryOf.limits(draft)} wrong={wrong("limits")}>
          <LimitsFields {...shown} />
        </Fold>
      )}
      <Fold name="Scope" summary={summaryOf.scope(draft)} wrong={wrong("models", "region", "allowed_ips")}>
        <ScopeFields {...shown} />
        <CarbonField {...shown} />
      </Fold>
      <Fold name="Expiry" summary={summaryOf.expiry(draft)} wrong={wrong("expires_at")}>
        <ExpiryFields {...shown} />
      </Fold>
      <Fold name="Details" summary={summaryOf.details(draft)} wrong={wrong("description", "tags", "icon")}>
        <DetailsFields {...shown} />
      </Fold>
    </div>
  );
}
