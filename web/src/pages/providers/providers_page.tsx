// Providers: one card each, with how they do over five minutes, and a test that says what is wrong.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Zap } from "lucide-react";
import { useState } from "react";

import { Problem, send } from "@/api/client";
import type { Provider, ProviderVerdict } from "@/api/contract";
import { providersQuery } from "@/api/queries";
import { useAsked } from "@/app/asked";
import { usePolling } from "@/app/live";
import { useHere } from "@/app/session";
import { formatExact, formatMs, formatShare, plural } from "@/lib/format";
import { type HealthSlot, stripOf } from "@/lib/health_strip";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { Empty, notify, ProblemNote, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead } from "@/ui/page";
import { Bone, Waiting } from "@/ui/skeleton";
import { Status, Tag } from "@/ui/status";
import { Time } from "@/ui/time";

import { PROVIDER_PRESETS } from "./presets";

export function ProvidersPage() {
  const { workspace, may } = useHere();
  const [adding, setAdding] = useState(false);
  useAsked("add", () => may("operator") && setAdding(true));
  const polling = usePolling();
  const providers = useQuery({ ...providersQuery(workspace), refetchInterval: Math.min(10_000, polling) });
  const add = may("operator") && (
    <Button look="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setAdding(true)}>
      Add provider
    </Button>
  );
  const rows = providers.data?.data ?? [];
  return (
    <>
      <PageHead title="Providers" actions={add} />
      {providers.isPending && (
        <Waiting label="Loading providers">
          <div className="grid gap-4 md:grid-cols-2">
            {[0, 1, 2, 3].map((card) => (
              <Bone key={card} className="h-40 w-full" />
            ))}
          </div>
        </Waiting>
      )}
      <ReadProblem of={providers} />
      {providers.data && rows.length === 0 && (
        <Empty title="No provider yet" shape={<RowShapes />} action={add}>
          With a credential of one, its models can be called at once.
        </Empty>
      )}
      <div className="grid gap-4 md:grid-cols-2">
        {rows.map((provider) => (
          <Card key={provider.id} of={provider} />
        ))}
      </div>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

const SLOTS: Record<HealthSlot["state"], string> = { healthy: "h-6 bg-good", degraded: "h-4 bg-warning", down: "h-2.5 bg-bad", idle: "h-1.5 bg-line" };

function Strip({ slots, state }: { slots: HealthSlot[]; state: string }) {
  const troubled = slots.filter((slot) => slot.state === "degraded" || slot.state === "down");
  const label = `Health over five minutes, now ${state}; ${troubled.length === 0 ? "no half minute with trouble" : `trouble in ${troubled.length} of ${slots.length} half minutes`}`;
  return (
    <div role="img" aria-label={label} className="flex h-6 items-end gap-0.5">
      {slots.map((slot) => (
        <span key={slot.at} title={`${formatExact(slot.at)}: ${slot.says}`} className={cx("flex-1 rounded-sm", SLOTS[slot.state])} />
      ))}
    </div>
  );
}

function Card({ of }: { of: Provider }) {
  const { workspace, may } = useHere();
  const test = useMutation({ mutationFn: () => send<ProviderVerdict>("POST", `/admin/v1/providers/${encodeURIComponent(of.id)}/test`, { query: { workspace }, body: {} }) });
  const { health } = of;
  const outcomes = health.successes + health.failures;
  const failure = outcomes ? health.failures / outcomes : null;
  return (
    <section aria-label={of.id} className="flex flex-col rounded-panel border bg-panel">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3.5">
        <h2 className="min-w-0 flex-1 truncate font-semibold"><bdi>{of.id}</bdi></h2>
        <Status value={health.state} className="text-sm" />
      </header>
      <p className="flex flex-wrap items-center gap-1.5 px-4 pt-1 text-xs text-muted">
        {of.dialect}
        {of.region && <Tag>{of.region}</Tag>}
        <span>· {plural(of.models.length, "model")}</span>
        {of.source === "file" && <Tag title="Defined in tollgate.yaml, and changed there">tollgate.yaml</Tag>}
      </p>
      <div className="px-4 pt-3">
        <Strip slots={stripOf(health.history ?? [])} state={health.state} />
        <p className="mt-1 flex justify-between text-xs text-muted">
          <span>5 minutes ago</span>
          <span>now</span>
        </p>
      </div>
      <dl className="numbers grid grid-cols-3 gap-3 px-4 py-3 text-sm">
        <Figure name="P50" value={formatMs(health.median_latency_ms ?? null)} />
        <Figure name="P95" value={formatMs(health.p95_latency_ms ?? null)} />
        <Figure name="Errors" value={failure === null ? "–" : formatShare(failure)} />
      </dl>
      <footer className="mt-auto flex flex-wrap items-center gap-3 border-t px-4 py-2">
        <p role="status" className="min-w-0 flex-1 text-sm">
          {test.data && (
            <span className={test.data.ok ? "text-good" : "text-bad"}>
              {test.data.ok ? "✓" : "✕"} {test.data.message} {test.data.latency_ms !== null && <span className="numbers text-muted">{formatMs(test.data.latency_ms)}</span>}
            </span>
          )}
          {!test.data && !test.error && health.next_probe_at && (
            <span className="text-muted">
              tried again <Time at={health.next_probe_at} />
            </span>
          )}
        </p>
        {may("operator") && (
          <Button size="small" icon={<Zap aria-hidden className="size-3.5" />} busy={test.isPending} onClick={() => test.mutate()}>
            Test
          </Button>
        )}
      </footer>
      {test.error && <ProblemNote className="m-3 mt-0" error={test.error} />}
    </section>
  );
}

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt className="text-xs text-muted">{name}</dt>
    <dd className="font-medium">{value}</dd>
  </div>
);

function AddDialog({ onClose }: { onClose: () => void }) {
  const { workspace } = useHere();
  const client = useQueryClient();
  const [form, setForm] = useState({ id: "openai", preset: "openai", base_url: "", api_key: "", region: "" });
  const set = (changes: Partial<typeof form>) => setForm((before) => ({ ...before, ...changes }));
  const preset = PROVIDER_PRESETS.find((one) => one.id === form.preset);
  const own = form.preset === "" || preset?.local === true;
  const add = useMutation({
    mutationFn: () =>
      send<Provider>("POST", "/admin/v1/providers", {
        query: { workspace },
        body: {
          id: form.id.trim(),
          ...(form.preset ? { preset: form.preset } : { dialect: "openai" }),
          ...(own && form.base_url ? { base_url: form.base_url.trim() } : {}),
          ...(form.api_key ? { api_key: form.api_key } : {}),
          ...(form.region ? { region: form.region.trim() } : {}),
          ...(preset?.local && preset.id !== "azure" ? { allow_private: true } : {}),
        },
      }),
    onSuccess: (provider) => {
      notify(`${provider.id} is added. Its models can be called now.`);
      void client.invalidateQueries({ queryKey: ["providers"] });
      void client.invalidateQueries({ queryKey: ["models"] });
      onClose();
    },
  });
  const problem = (param: string) => (add.error instanceof Problem ? (add.error.problems.find((one) => one.param === param)?.message ?? null) : null);
  const ready = form.id.trim() && (own ? form.base_url.trim() : form.api_key);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Add provider"
      onSubmit={() => ready && add.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={!ready} busy={add.isPending}>
            Add provider
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Provider">
            {(field) => (
              <Select {...field} value={form.preset} onChange={(event) => set({ preset: event.target.value, id: event.target.value || "my-provider" })}>
                {PROVIDER_PRESETS.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
                <option value="">Another, OpenAI-compatible</option>
              </Select>
            )}
          </Field>
          <Field label="Id" hint="How usage and rules call it." problem={problem("id")}>
            {(field) => <Input {...field} className="font-mono" value={form.id} onChange={(event) => set({ id: event.target.value })} />}
          </Field>
        </div>
        {own && (
          <Field label="Address" problem={problem("base_url")}>
            {(field) => <Input {...field} className="font-mono" placeholder="https://host/v1" value={form.base_url} onChange={(event) => set({ base_url: event.target.value })} />}
          </Field>
        )}
        <Field label="Its API key" optional={own} hint="Kept encrypted, never shown again." problem={problem("api_key")}>
          {(field) => <Input {...field} type="password" className="font-mono" value={form.api_key} onChange={(event) => set({ api_key: event.target.value })} />}
        </Field>
        <Field label="Region" optional hint="Where it computes, for keys that are pinned to a region." problem={problem("region")}>
          {(field) => <Input {...field} placeholder="eu-west" value={form.region} onChange={(event) => set({ region: event.target.value })} />}
        </Field>
        {add.error && <ProblemNote error={add.error} />}
      </div>
    </Dialog>
  );
}
