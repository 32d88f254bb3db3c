// Create key: a name is enough. Shown once in the same dialog; closing leads back to the list.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FlaskConical, Globe, type LucideIcon } from "lucide-react";
import { useCallback, useDeferredValue, useState } from "react";

import { api, Problem, unwrap } from "@/api/client";
import type { KeyWithSecret } from "@/api/contract";
import { keyNameQuery } from "@/api/queries";
import { useHere } from "@/app/session";
import { createBody, EMPTY_DRAFT, type KeyDraft, PRESETS, problemsOf } from "@/lib/key_form";
import { Once, secretLost } from "@/lib/once";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { ProblemNote } from "@/ui/notice";
import { useShownOnce } from "@/ui/shown_once";

import { Fold, Folds } from "./key_fields";
import { RotateDialog } from "./rotate_dialog";
import { SecretLost } from "./secret_lost";
import { SecretShown } from "./secret_shown";

// `open` is what the address says; for those who may not make keys it opens nothing.
export function CreateDialog({ open: asked, onClose }: { open: boolean; onClose: (created: KeyWithSecret | null) => void }) {
  const { may } = useHere();
  const [created, setCreated] = useState<KeyWithSecret | null>(null);
  const open = asked && (may("member") || created !== null);
  const [rotating, setRotating] = useState(false);
  const [stored, setStored] = useState(false);
  const onStored = useCallback((now: boolean) => setStored(now), []);
  const close = () => {
    onClose(created);
    setCreated(null);
    setRotating(false);
    setStored(false);
  };
  if (created?.secret) {
    return (
      <Dialog
        wide
        open={open}
        held={!stored}
        onOpenChange={(next) => !next && close()}
        title={<><bdi>{created.name}</bdi> is ready</>}
        description="This is its secret. Tollgate keeps only a hash of it."
        footer={
          <Button look="primary" disabled={!stored} onClick={close} title={stored ? undefined : "Copy it, or tick “I have stored it”"}>
            Done
          </Button>
        }
      >
        <SecretShown secret={created.secret} environment={created.environment} models={created.models} onStored={onStored} />
      </Dialog>
    );
  }
  if (created && rotating) return <RotateDialog of={created} open={open} onClose={close} />;
  if (created && secretLost(created)) {
    return (
      <Dialog
        open={open}
        onOpenChange={(next) => !next && close()}
        title={<><bdi>{created.name}</bdi> was made</>}
        footer={
          <>
            <Button look="quiet" onClick={close}>
              Later
            </Button>
            <Button look="primary" onClick={() => setRotating(true)}>
              Rotate secret
            </Button>
          </>
        }
      >
        <SecretLost>It was made, but its secret was lost on the way: rotate it to get a new one.</SecretLost>
      </Dialog>
    );
  }
  return <CreateForm open={open} onClose={close} onCreated={setCreated} />;
}

const TYPES = [
  { value: "standard", name: "Standard: calls models" },
  { value: "viewer", name: "Management: reads this workspace" },
  { value: "member", name: "Management: makes keys of its own" },
  { value: "admin", name: "Management: administers this workspace" },
];
const typeOf = (draft: KeyDraft) => (draft.type === "standard" ? "standard" : draft.role);

function CreateForm({ open, onClose, onCreated }: { open: boolean; onClose: () => void; onCreated: (key: KeyWithSecret) => void }) {
  const { workspace, may } = useHere();
  const client = useQueryClient();
  const [draft, setDraft] = useState<KeyDraft>(EMPTY_DRAFT);
  const [preset, setPreset] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const [once] = useState(() => new Once());
  const change = (changes: Partial<KeyDraft>) => setDraft((before) => ({ ...before, ...changes }));
  const create = useMutation({
    mutationFn: () => {
      const asked = once.ask({ workspace, draft });
      return unwrap(
        api.POST("/admin/v1/keys", {
          params: { query: { workspace }, header: { "Idempotency-Key": asked.key } },
          body: createBody(draft, asked.at) as never,
        }),
      ) as Promise<KeyWithSecret>;
    },
    onSuccess: (key) => {
      once.done();
      onCreated(key);
      setDraft(EMPTY_DRAFT);
      setPreset(null);
      setTried(false);
      void client.invalidateQueries({ queryKey: ["keys", workspace] });
    },
  });
  // Its answer tells the secret, so it is waited for.
  useShownOnce(create.isPending);
  const name = useDeferredValue(draft.name.trim());
  const taken = useQuery({ ...keyNameQuery(workspace, name), enabled: open && name.length > 0 });
  const refused = create.error instanceof Problem ? create.error.problems : [];
  const problems = [...problemsOf(draft), ...refused];
  const nameProblem = taken.data
    ? "Another key has this name. Choose one that tells them apart."
    : tried
      ? problems.find((problem) => problem.param === "name")?.message
      : null;
  const submit = () => {
    setTried(true);
    if (problemsOf(draft).length === 0 && !taken.data && !create.isPending) create.mutate();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      held={create.isPending}
      title="Create key"
      onSubmit={submit}
      footer={
        <>
          <Button look="quiet" disabled={create.isPending} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            Create key
          </Button>
        </>
      }
    >
      <div className="space-y-5">
        <Field label="Name" problem={nameProblem}>
          {(field) => <Input {...field} autoFocus maxLength={256} placeholder="checkout-service" value={draft.name} onChange={(event) => change({ name: event.target.value })} />}
        </Field>
        {draft.type === "standard" && <Environment value={draft.environment} onChange={(environment) => change({ environment })} />}
        <div>
          <p className="mb-1.5 text-sm font-medium" id="presets">
            Start from
          </p>
          <div role="group" aria-labelledby="presets" className="flex flex-wrap gap-2">
            {PRESETS.map((one) => (
              <button
                key={one.id}
                type="button"
                title={one.hint}
                aria-pressed={preset === one.id}
                onClick={() => {
                  const off = preset === one.id;
                  setPreset(off ? null : one.id);
                  change({ ...EMPTY_DRAFT, name: draft.name, ...(off ? {} : one.apply) });
                }}
                className={cx("h-8 rounded-full border px-3 text-sm", preset === one.id ? "border-accent bg-accent-soft font-medium text-accent" : "text-muted hover:bg-hover hover:text-ink")}
              >
                {one.name}
              </button>
            ))}
          </div>
        </div>
        <div>
          <Folds draft={draft} change={change} problems={problems} showErrors={tried} />
          {may("admin") && (
            <Fold name="Type" summary={TYPES.find(({ value }) => value === typeOf(draft))?.name ?? ""}>
              <Field label="Type" hideLabel>
                {(field) => (
                  <Select {...field} value={typeOf(draft)} onChange={(event) => change(event.target.value === "standard" ? { type: "standard" } : { type: "management", role: event.target.value as KeyDraft["role"], limits: [] })}>
                    {TYPES.map((one) => (
                      <option key={one.value} value={one.value}>
                        {one.name}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            </Fold>
          )}
        </div>
        {create.error && <ProblemNote error={create.error} />}
      </div>
    </Dialog>
  );
}

const ENVIRONMENTS: { value: "production" | "sandbox"; name: string; hint: string; icon: LucideIcon; tone: string }[] = [
  { value: "production", name: "Production", hint: "Calls your providers", icon: Globe, tone: "text-accent" },
  { value: "sandbox", name: "Sandbox", hint: "Simulated answers, costs nothing", icon: FlaskConical, tone: "text-sandbox" },
];

export function Environment({ value, onChange }: { value: string; onChange: (value: "production" | "sandbox") => void }) {
  return (
    <fieldset>
      <legend className="mb-1.5 flex items-center gap-1.5 text-sm font-medium">Environment</legend>
      <div className="grid grid-cols-2 gap-2">
        {ENVIRONMENTS.map((one) => (
          <label
            key={one.value}
            className={cx(
              "flex cursor-pointer items-start gap-2.5 rounded-panel border p-3 has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-2 has-[:focus-visible]:outline-accent",
              value === one.value ? (one.value === "sandbox" ? "border-sandbox bg-sandbox-soft" : "border-accent bg-accent-soft") : "hover:bg-hover",
            )}
          >
            <input type="radio" name="environment" value={one.value} checked={value === one.value} onChange={() => onChange(one.value)} className="sr-only" />
            <one.icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", one.tone)} />
            <span className="min-w-0">
              <span className="block font-medium">{one.name}</span>
              <span className="block text-xs text-muted">{one.hint}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
