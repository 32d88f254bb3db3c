// First start: three steps on one page — operator, a provider, a first key.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { type ReactNode, useCallback, useState } from "react";

import { api, send, setCsrfToken, unwrap } from "@/api/client";
import type { KeyWithSecret, Session } from "@/api/contract";
import { sessionQuery, signInQuery } from "@/app/session";
import { Once, secretLost } from "@/lib/once";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field, Input, Select } from "@/ui/field";
import { ProblemNote } from "@/ui/notice";

import { Environment } from "../keys/create_dialog";
import { SecretLost } from "../keys/secret_lost";
import { SecretShown } from "../keys/secret_shown";
import { PROVIDER_PRESETS } from "../providers/presets";
import { Door, passwordProblem, takeFragment } from "./door";

export function SetupPage() {
  const [token] = useState(takeFragment);
  const session = useQuery(sessionQuery);
  const options = useQuery(signInQuery);
  const navigate = useNavigate();
  const [done, setDone] = useState<{ provider?: string }>({});
  const step = !session.data ? 1 : done.provider === undefined ? 2 : 3;
  if (session.data ? !session.data.person.operator : options.data && !options.data.setup_required) {
    return (
      <Door title="Tollgate is set up already" note="Its operator was made before. Sign in, or ask for an invitation.">
        <Button look="primary" onClick={() => void navigate({ to: "/sign-in", search: {} })}>
          Sign in
        </Button>
      </Door>
    );
  }
  return (
    <Door wide title="Set up Tollgate" note="Three short steps. The last two can be skipped and done later.">
      <ol className="space-y-3">
        <Step number={1} at={step} title="The operator" told={session.data?.person.email}>
          <OperatorStep token={token} />
        </Step>
        <Step number={2} at={step} title="A provider" told={done.provider === "sandbox" ? "the built-in sandbox" : done.provider}>
          <ProviderStep onDone={(provider) => setDone({ provider })} />
        </Step>
        <Step number={3} at={step} title="The first key">
          <KeyStep sandbox={done.provider === "sandbox"} onDone={(made) => void navigate({ to: "/keys", search: {}, state: made ? { fresh: made } : {} })} />
        </Step>
      </ol>
    </Door>
  );
}

function Step({ number, at, title, told, children }: { number: number; at: number; title: string; told?: string | undefined; children: ReactNode }) {
  const past = at > number;
  return (
    <li aria-current={at === number ? "step" : undefined} className={cx("rounded-panel border", at === number ? "bg-panel" : "bg-sunken")}>
      <div className="flex items-center gap-3 px-5 py-3.5">
        <span className={cx("grid size-6 place-items-center rounded-full text-xs font-semibold", past ? "bg-good-soft text-good" : at === number ? "bg-accent text-on-accent" : "border text-muted")}>
          {past ? <Check aria-label="Done" className="size-3.5" /> : number}
        </span>
        <h2 className={cx("flex-1 font-semibold", at < number && "text-muted")}>{title}</h2>
        {past && told && <bdi className="min-w-0 truncate text-sm text-muted">{told}</bdi>}
      </div>
      {at === number && <div className="border-t px-5 py-5">{children}</div>}
    </li>
  );
}

function OperatorStep({ token }: { token: string }) {
  const client = useQueryClient();
  const [form, setForm] = useState({ token, name: "", email: "", password: "" });
  const [tried, setTried] = useState(false);
  const ready = form.token && form.name.trim() && /.@./.test(form.email) && !passwordProblem(form.password);
  const setup = useMutation({
    mutationFn: () => send<Session>("POST", "/admin/v1/setup", { body: { ...form, name: form.name.trim(), email: form.email.trim() } }),
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
  const set = (changes: Partial<typeof form>) => setForm((before) => ({ ...before, ...changes }));
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (ready) setup.mutate();
      }}
    >
      {!token && (
        <Field label="Setup code" hint="The part behind # of the link that the first start printed.">
          {(field) => <Input {...field} value={form.token} className="font-mono" onChange={(event) => set({ token: event.target.value.trim() })} />}
        </Field>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Your name" problem={tried && !form.name.trim() ? "Say how others see you." : null}>
          {(field) => <Input {...field} autoFocus autoComplete="name" value={form.name} onChange={(event) => set({ name: event.target.value })} />}
        </Field>
        <Field label="E-mail" problem={tried && !/.@./.test(form.email) ? "An address, such as you@example.com." : null}>
          {(field) => <Input {...field} type="email" autoComplete="username" value={form.email} onChange={(event) => set({ email: event.target.value })} />}
        </Field>
      </div>
      <Field label="Password" hint="At least 10 characters; a few words are easy to keep in mind." problem={tried ? passwordProblem(form.password) : null}>
        {(field) => <Input {...field} type="password" autoComplete="new-password" value={form.password} onChange={(event) => set({ password: event.target.value })} />}
      </Field>
      {setup.error && <ProblemNote error={setup.error} />}
      <Button type="submit" look="primary" busy={setup.isPending}>
        Create operator
      </Button>
    </form>
  );
}

function ProviderStep({ onDone }: { onDone: (provider: string) => void }) {
  const [preset, setPreset] = useState("openai");
  const [credential, setCredential] = useState("");
  const add = useMutation({
    mutationFn: () => send<{ id: string }>("POST", "/admin/v1/providers", { body: { id: preset, preset, api_key: credential } }),
    onSuccess: (provider) => {
      setCredential("");
      onDone(provider.id);
    },
  });
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (credential) add.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[180px_minmax(0,1fr)]">
        <Field label="Provider">
          {(field) => (
            <Select {...field} value={preset} onChange={(event) => setPreset(event.target.value)}>
              {PROVIDER_PRESETS.filter((one) => !one.local).map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Its API key" hint="Kept encrypted, never shown again.">
          {(field) => <Input {...field} type="password" autoComplete="off" className="font-mono" value={credential} onChange={(event) => setCredential(event.target.value)} />}
        </Field>
      </div>
      {add.error && <ProblemNote error={add.error} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" disabled={!credential} busy={add.isPending}>
          Add provider
        </Button>
        <Button onClick={() => onDone("sandbox")}>Use the sandbox</Button>
      </div>
    </form>
  );
}

function KeyStep({ sandbox, onDone }: { sandbox: boolean; onDone: (made?: string) => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("my-first-key");
  const [environment, setEnvironment] = useState<"production" | "sandbox">(sandbox ? "sandbox" : "production");
  const [once] = useState(() => new Once());
  const [stored, setStored] = useState(false);
  const onStored = useCallback((now: boolean) => setStored(now), []);
  const create = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), environment };
      return unwrap(api.POST("/admin/v1/keys", { params: { query: { workspace: "ws_default" }, header: { "Idempotency-Key": once.ask(body).key } }, body: body as never })) as Promise<KeyWithSecret>;
    },
    onSuccess: () => {
      once.done();
      void client.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const key = create.data;
  if (key?.secret) {
    return (
      <div className="space-y-4">
        <SecretShown secret={key.secret} environment={key.environment} models={key.models} onStored={onStored} />
        <Button look="primary" disabled={!stored} onClick={() => onDone(key.id)}>
          Go to the dashboard
        </Button>
      </div>
    );
  }
  if (secretLost(key)) {
    return (
      <div className="space-y-4">
        <SecretLost>It was made, but its secret was lost on the way: rotate it, on its page, to get a new one.</SecretLost>
        <Button look="primary" onClick={() => onDone(key?.id)}>
          Go to the dashboard
        </Button>
      </div>
    );
  }
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) create.mutate();
      }}
    >
      <Field label="Name">{(field) => <Input {...field} autoFocus value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      <Environment value={environment} onChange={setEnvironment} />
      {create.error && <ProblemNote error={create.error} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" disabled={!name.trim()} busy={create.isPending}>
          Create key
        </Button>
        <Button onClick={() => onDone()}>Skip</Button>
      </div>
    </form>
  );
}
