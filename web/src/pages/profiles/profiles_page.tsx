// Routing profiles: rules on the left, a prompt to try them on at the right.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Trash2 } from "lucide-react";
import { useCallback, useDeferredValue, useState } from "react";

import { Problem, send } from "@/api/client";
import type { Explained, Page, Profile, ProfileRules, ProfileWithSecret, Tier } from "@/api/contract";
import { modelsQuery } from "@/api/queries";
import { useAsked } from "@/app/asked";
import { useHere } from "@/app/session";
import { formatMoney } from "@/lib/money";
import { Once, secretLost } from "@/lib/once";
import { changedRules, rulesOf, sentenceOf, TIERS } from "@/lib/profile_rules";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Check, Field, Input, Select, Textarea, TokensInput } from "@/ui/field";
import { Empty, notify, notifyProblem, ProblemNote, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead, Panel } from "@/ui/page";
import { useShownOnce } from "@/ui/shown_once";
import { Bone, Waiting } from "@/ui/skeleton";
import { Tag } from "@/ui/status";

import { Decision } from "../decision";
import { SecretLost } from "../keys/secret_lost";
import { SecretShown } from "../keys/secret_shown";

export function ProfilesPage() {
  const { workspace, may } = useHere();
  const { object } = useSearch({ from: "/shell/profiles" });
  const navigate = useNavigate({ from: "/profiles" });
  const [creating, setCreating] = useState(false);
  useAsked("create", () => may("admin") && setCreating(true));
  const profiles = useQuery({ queryKey: ["profiles", workspace], queryFn: ({ signal }) => send<Page<Profile>>("GET", "/admin/v1/profiles", { query: { workspace, limit: 1000 }, signal }) });
  const rows = profiles.data?.data ?? [];
  const chosen = rows.find((profile) => profile.id === object) ?? rows[0];
  const create = may("admin") && (
    <Button look="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setCreating(true)}>
      Create profile
    </Button>
  );
  return (
    <>
      <PageHead title="Routing profiles" actions={create} />
      {profiles.isPending && (
        <Waiting label="Loading profiles">
          <Bone className="mb-4 h-8 w-24 !rounded-full" />
          <div className="grid gap-4 lg:grid-cols-2">
            <Bone className="h-[520px] w-full" />
            <Bone className="h-80 w-full" />
          </div>
        </Waiting>
      )}
      <ReadProblem of={profiles} />
      {profiles.data && rows.length === 0 && (
        <Panel>
          <Empty title="No profile yet" shape={<RowShapes />} action={create}>
            A profile is a key that chooses the model by rules: as cheap as it can be, as good as it must be.
          </Empty>
        </Panel>
      )}
      {chosen && (
        <div className="space-y-4">
          <div role="group" aria-label="Profiles" className="flex flex-wrap gap-2">
            {rows.map((profile) => (
              <button
                key={profile.id}
                type="button"
                aria-pressed={profile === chosen}
                title={profile.name}
                onClick={() => void navigate({ search: { object: profile.id }, replace: true })}
                className={cx("h-8 max-w-64 truncate rounded-full border px-3.5 text-sm", profile === chosen ? "border-accent bg-accent-soft font-medium text-accent" : "bg-panel text-muted hover:text-ink")}
              >
                <bdi>{profile.name}</bdi>
              </button>
            ))}
          </div>
          <div className="grid gap-4 lg:grid-cols-2">
            <Rules key={chosen.id} of={chosen} />
            <TryOut key={`try-${chosen.id}`} of={chosen} />
          </div>
        </div>
      )}
      {creating && (
        <CreateProfile
          onClose={(id) => {
            setCreating(false);
            if (id) void navigate({ search: { object: id } });
          }}
        />
      )}
    </>
  );
}

const STRATEGIES = [
  { value: "balanced", name: "Balanced", hint: "Health, price and speed together" },
  { value: "cheapest", name: "Cheapest", hint: "The lowest price that is good enough" },
  { value: "fastest", name: "Fastest", hint: "The quickest of the last minutes" },
  { value: "quality", name: "Quality", hint: "The best that the rules allow" },
  { value: "ordered", name: "In my order", hint: "The models below, first to last" },
];
const CAPABILITIES = ["vision", "file", "tools", "audio", "video"] as const;

function RuleFields({ rules, change }: { rules: ProfileRules; change: (changes: Partial<ProfileRules>) => void }) {
  const { workspace } = useHere();
  const models = useQuery(modelsQuery(workspace));
  const ids = (models.data?.data ?? []).filter((model) => !model.sandbox).map((model) => model.id);
  const ordered = Array.isArray(rules.strategy);
  const strategy = ordered ? "ordered" : ((rules.strategy as string | undefined) ?? "balanced");
  const tier = (member: "tier_floor" | "tier_ceiling", label: string, hint: string) => (
    <Field label={label} hint={hint}>
      {(field) => (
        <Select {...field} value={rules[member] ?? (member === "tier_floor" ? "NANO" : "COMPLEX")} onChange={(event) => change({ [member]: event.target.value as Tier })}>
          {TIERS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
  return (
    <div className="space-y-4">
      <Field label="Strategy" hint={STRATEGIES.find((one) => one.value === strategy)?.hint}>
        {(field) => (
          <Select {...field} value={strategy} onChange={(event) => change({ strategy: event.target.value === "ordered" ? (rules.models ?? []) : (event.target.value as "balanced") })}>
            {STRATEGIES.map((one) => (
              <option key={one.value} value={one.value}>
                {one.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {ordered ? (
        <Field label="Models, in order">{(field) => <TokensInput {...field} mono values={rules.strategy as string[]} suggestions={ids} onChange={(values) => change({ strategy: values })} />}</Field>
      ) : (
        <Field label="Models" optional hint="Ids and wildcards. Empty allows every model.">
          {(field) => <TokensInput {...field} mono values={rules.models ?? []} suggestions={ids} placeholder="openai/*" onChange={(values) => change({ models: values })} />}
        </Field>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        {tier("tier_floor", "At least", "Simple prompts are raised to it.")}
        {tier("tier_ceiling", "At most", "Hard prompts are lowered to it.")}
        <Field label="Cost of a request, at most" optional>
          {(field) => <Input {...field} inputMode="decimal" className="numbers" placeholder="0.05 USD" value={rules.cost_cap ?? ""} onChange={(event) => change({ cost_cap: event.target.value.trim() || null })} />}
        </Field>
        <Field label="Tool calling, at least" hint="0 to 100">
          {(field) => <Input {...field} type="number" min={0} max={100} className="numbers" value={rules.min_tool_calling ?? 0} onChange={(event) => change({ min_tool_calling: Number(event.target.value) })} />}
        </Field>
        <Field label="Region" optional>
          {(field) => <Input {...field} placeholder="eu-west" value={rules.region ?? ""} onChange={(event) => change({ region: event.target.value.trim() })} />}
        </Field>
      </div>
      <fieldset>
        <legend className="mb-2 text-sm font-medium">Requests may bring</legend>
        <div className="flex flex-wrap gap-x-5 gap-y-2">
          {CAPABILITIES.map((one) => (
            <Check key={one} checked={rules.capabilities?.[one] !== false} onChange={(on) => change({ capabilities: { ...rules.capabilities, [one]: on } })}>
              {one === "file" ? "files" : one === "vision" ? "images" : one}
            </Check>
          ))}
        </div>
      </fieldset>
      <Check checked={rules.honor_model === true} onChange={(honor_model) => change({ honor_model })}>
        Let the request’s own model narrow the choice
      </Check>
    </div>
  );
}

function Rules({ of }: { of: Profile }) {
  const { workspace, may } = useHere();
  const client = useQueryClient();
  // What is edited is what was there when it began: what somebody else changes meanwhile stays as they made it.
  const [from, setFrom] = useState(of);
  const [draft, setDraft] = useState<ProfileRules>(() => rulesOf(of));
  const [deleting, setDeleting] = useState(false);
  const patch = changedRules(rulesOf(from), draft);
  const changed = Object.keys(patch).length > 0;
  const meanwhile = Object.keys(changedRules(rulesOf(from), rulesOf(of))).length > 0;
  const begin = (profile: Profile) => {
    setFrom(profile);
    setDraft(rulesOf(profile));
  };
  if (meanwhile && !changed) begin(of);
  const editable = may("admin") && of.source !== "file";
  const save = useMutation({
    mutationFn: () => send<Profile>("PATCH", `/admin/v1/profiles/${of.id}`, { query: { workspace }, body: patch }),
    onSuccess: (profile) => {
      notify(<><bdi>{profile.name}</bdi> is changed, from the next request on.</>);
      begin(profile);
      client.setQueryData<Page<Profile>>(["profiles", workspace], (page) => page && { ...page, data: page.data.map((one) => (one.id === profile.id ? profile : one)) });
      return client.invalidateQueries({ queryKey: ["profiles", workspace] });
    },
    onError: notifyProblem,
  });
  return (
    <Panel
      title={of.name}
      actions={
        <>
          {of.source === "file" && <Tag title="Defined in tollgate.yaml, and changed there">tollgate.yaml</Tag>}
          {editable && (
            <Button look="quiet" size="icon" aria-label={`Delete ${of.name}`} onClick={() => setDeleting(true)}>
              <Trash2 aria-hidden className="size-4" />
            </Button>
          )}
        </>
      }
    >
      <p className="mb-4 text-sm text-muted">
        {sentenceOf(draft)}{" "}
        {of.key ? <span className="font-mono text-xs">{of.key.prefix.replace("...", "…")}{of.key.last4}</span> : "Its key was deleted: only making the profile anew gives another."}
      </p>
      <fieldset disabled={!editable} className="min-w-0">
        <RuleFields rules={draft} change={(changes) => setDraft((before) => ({ ...before, ...changes }))} />
      </fieldset>
      {changed && editable && (
        <div className="mt-5 flex flex-wrap items-center justify-end gap-2 border-t pt-4">
          {meanwhile && <p className="min-w-0 flex-1 basis-48 text-sm text-warning">Somebody changed it since you began; what you left alone stays as they made it.</p>}
          <Button look="quiet" onClick={() => begin(of)}>
            Undo
          </Button>
          <Button look="primary" busy={save.isPending} onClick={() => save.mutate()}>
            Save changes
          </Button>
        </div>
      )}
      {deleting && <DeleteProfile of={of} onClose={() => setDeleting(false)} />}
    </Panel>
  );
}

// Asked again as somebody types; nothing is called, nothing is charged.
function TryOut({ of }: { of: Profile }) {
  const { workspace } = useHere();
  const [prompt, setPrompt] = useState("Summarise this contract in three sentences and list what is unusual about it.");
  const wanted = useDeferredValue(prompt.trim());
  const explained = useQuery({
    queryKey: ["explain", workspace, of, wanted],
    queryFn: ({ signal }) =>
      send<Explained>("POST", "/admin/v1/route/explain", {
        query: { workspace },
        body: { key: of.key?.id, body: { model: "tollgate/auto", messages: [{ role: "user", content: wanted }] } },
        signal,
      }),
    enabled: wanted !== "" && of.key !== null,
    placeholderData: (before) => before,
    retry: false,
  });
  const found = explained.error ? undefined : explained.data;
  return (
    <Panel title="Try it" className="self-start">
      {of.key === null ? (
        <p className="text-sm text-muted">Without its key nothing can be asked of it.</p>
      ) : (
        <div className="space-y-4">
          <Field label="Prompt" hint="Only explained: no model is called, nothing is charged.">
            {(field) => <Textarea {...field} rows={4} value={prompt} onChange={(event) => setPrompt(event.target.value)} />}
          </Field>
          {explained.error && <ProblemNote error={explained.error} />}
          {found && (
            <div aria-live="polite" className="space-y-3">
              <Outcome of={found} />
              {found.decision && <Decision of={found.decision} />}
            </div>
          )}
        </div>
      )}
    </Panel>
  );
}

function Outcome({ of }: { of: Explained }) {
  if (of.refusal) {
    return (
      <p className="rounded-control bg-bad-soft px-3 py-2 text-sm">
        Refused: {of.refusal.message} <span className="font-mono text-xs text-muted">{of.refusal.code}</span>
      </p>
    );
  }
  const bound = of.candidates[0]?.cost_bound;
  return (
    <p className="rounded-control bg-accent-soft px-3 py-2 text-sm">
      Goes to <span className="font-mono text-xs">{of.model}</span> at {of.provider}
      {of.region ? ` in ${of.region}` : ""}
      {bound ? `, for at most ${formatMoney(bound)}` : ""}.
    </p>
  );
}

function CreateProfile({ onClose }: { onClose: (id: string | null) => void }) {
  const { workspace } = useHere();
  const client = useQueryClient();
  const [rules, setRules] = useState<ProfileRules>({ name: "", strategy: "balanced" });
  const [environment, setEnvironment] = useState<"production" | "sandbox">("production");
  const [once] = useState(() => new Once());
  const [stored, setStored] = useState(false);
  const onStored = useCallback((now: boolean) => setStored(now), []);
  const create = useMutation({
    mutationFn: () => {
      const body = { ...rules, name: rules.name.trim(), environment };
      return send<ProfileWithSecret>("POST", "/admin/v1/profiles", { query: { workspace }, headers: { "Idempotency-Key": once.ask({ workspace, body }).key }, body });
    },
    onSuccess: () => {
      once.done();
      void client.invalidateQueries({ queryKey: ["profiles", workspace] });
      void client.invalidateQueries({ queryKey: ["keys", workspace] });
    },
  });
  // Its answer tells the secret, so it is waited for.
  useShownOnce(create.isPending);
  const made = create.data;
  if (made?.key.secret) {
    return (
      <Dialog
        wide
        open
        held={!stored}
        onOpenChange={(open) => !open && onClose(made.id)}
        title={<><bdi>{made.name}</bdi> is ready</>}
        description="This is the secret of its key. Tollgate keeps only a hash of it."
        footer={
          <Button look="primary" disabled={!stored} onClick={() => onClose(made.id)}>
            Done
          </Button>
        }
      >
        <SecretShown secret={made.key.secret} environment={made.key.environment} models={[]} onStored={onStored} />
      </Dialog>
    );
  }
  if (made && secretLost(made.key)) {
    return (
      <Dialog
        open
        onOpenChange={(open) => !open && onClose(made.id)}
        title={<><bdi>{made.name}</bdi> was made</>}
        footer={
          <Button look="primary" onClick={() => onClose(made.id)}>
            Done
          </Button>
        }
      >
        <SecretLost>It was made, but the secret of its key was lost on the way: rotate that key, under Keys, to get a new one.</SecretLost>
      </Dialog>
    );
  }
  const problem = create.error instanceof Problem ? (create.error.problems.find((one) => one.param === "name")?.message ?? null) : null;
  return (
    <Dialog
      open
      held={create.isPending}
      onOpenChange={(open) => !open && onClose(null)}
      title="Create profile"
      onSubmit={() => rules.name.trim() && create.mutate()}
      footer={
        <>
          <Button look="quiet" disabled={create.isPending} onClick={() => onClose(null)}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={!rules.name.trim()} busy={create.isPending}>
            Create profile
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_160px]">
          <Field label="Name" problem={problem}>
            {(field) => <Input {...field} autoFocus placeholder="support" value={rules.name} onChange={(event) => setRules({ ...rules, name: event.target.value })} />}
          </Field>
          <Field label="Environment">
            {(field) => (
              <Select {...field} value={environment} onChange={(event) => setEnvironment(event.target.value as "production")}>
                <option value="production">Production</option>
                <option value="sandbox">Sandbox</option>
              </Select>
            )}
          </Field>
        </div>
        <RuleFields rules={rules} change={(changes) => setRules((before) => ({ ...before, ...changes }))} />
        {create.error && <ProblemNote error={create.error} />}
      </div>
    </Dialog>
  );
}

function DeleteProfile({ of, onClose }: { of: Profile; onClose: () => void }) {
  const { workspace } = useHere();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => send("DELETE", `/admin/v1/profiles/${of.id}`, { query: { workspace } }),
    onSuccess: () => {
      notify(<><bdi>{of.name}</bdi> is deleted.</>);
      onClose();
      void client.invalidateQueries({ queryKey: ["profiles", workspace] });
      void client.invalidateQueries({ queryKey: ["keys", workspace] });
    },
  });
  const named = typed === of.name || typed.trim() === of.name.trim();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<>Delete <bdi>{of.name}</bdi></>}
      description="Its key is revoked with it: every request with that key is refused from now on."
      onSubmit={() => named && remove.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="danger" disabled={!named} busy={remove.isPending}>
            Delete profile
          </Button>
        </>
      }
    >
      <Field label={<span>Type <bdi className="font-mono break-all whitespace-pre-wrap select-text">{of.name}</bdi> to confirm</span>}>{(field) => <Input {...field} autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />}</Field>
      {remove.error && <ProblemNote className="mt-4" error={remove.error} />}
    </Dialog>
  );
}
