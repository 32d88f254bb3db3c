// Settings: the look, one's own sign-in, and the workspace.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { api, Problem, send, unwrap } from "@/api/client";
import type { OidcDeparture, OidcLink, OpenSession, Page, Workspace } from "@/api/contract";
import { workspaceQuery } from "@/api/queries";
import { useAsked } from "@/app/asked";
import { signInQuery, useHere, useSession } from "@/app/session";
import { setTheme, type Theme, useTheme } from "@/app/theme";
import { formatExact } from "@/lib/format";
import { EMPTY_DRAFT, limitRules, problemsOf } from "@/lib/key_form";
import { refusalText } from "@/lib/refusals";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { LimitBar } from "@/ui/limit_bar";
import { notify, notifyProblem, ProblemNote, ReadProblem, RefusalNote } from "@/ui/notice";
import { Fact, Facts, PageHead, Panel, Segments } from "@/ui/page";
import { Bone, RowBones, Waiting } from "@/ui/skeleton";
import { Tag } from "@/ui/status";
import { Table } from "@/ui/table";
import { Time } from "@/ui/time";

import { passwordProblem } from "../entry/door";
import { LimitsFields } from "../keys/key_fields";

const THEMES: { value: Theme; name: string }[] = [
  { value: "system", name: "System" },
  { value: "light", name: "Light" },
  { value: "dark", name: "Dark" },
];

export function SettingsPage() {
  const { workspace } = useHere();
  const { person } = useSession();
  const theme = useTheme();
  const here = useQuery(workspaceQuery(workspace));
  return (
    <>
      <PageHead title="Settings" />
      <div className="max-w-[820px] space-y-4">
        <ReadProblem of={here} />
        {here.data ? (
          <WorkspacePanel of={here.data} />
        ) : (
          here.isPending && (
            <Waiting label="Loading the workspace">
              <Bone className="h-40 w-full" />
            </Waiting>
          )
        )}
        <Panel title="You">
          <Facts>
            <Fact name="Name"><bdi>{person.name || "–"}</bdi></Fact>
            <Fact name="E-mail"><bdi>{person.email}</bdi></Fact>
            <Fact name="Look">
              <Segments label="Theme" value={theme} options={THEMES} onChange={setTheme} />
            </Fact>
          </Facts>
        </Panel>
        <PasswordPanel />
        <ProviderPanel />
        <SessionsPanel />
      </div>
    </>
  );
}

function WorkspacePanel({ of }: { of: Workspace }) {
  const { may } = useHere();
  const [editing, setEditing] = useState(false);
  const [moving, setMoving] = useState(false);
  useAsked("edit", () => may("operator") && setEditing(true));
  useAsked("clock", () => may("admin") && setMoving(true));
  return (
    <Panel
      title="Workspace"
      actions={
        <>
          {may("admin") && (
            <Button size="small" onClick={() => setMoving(true)}>
              Move test clock
            </Button>
          )}
          {may("operator") && (
            <Button size="small" onClick={() => setEditing(true)}>
              Edit
            </Button>
          )}
        </>
      }
    >
      <Facts>
        <Fact name="Name"><bdi>{of.name}</bdi></Fact>
        <Fact name="Id" mono>
          {of.id}
        </Fact>
        <Fact name="Balance">{of.balance.mode === "prepaid" ? "Prepaid" : "Unlimited"}</Fact>
        <Fact name="Test clock">{of.test_time ? formatExact(of.test_time) : "Real time"}</Fact>
      </Facts>
      {of.limits.length > 0 && (
        <div className="mt-5 grid gap-x-8 gap-y-5 border-t pt-4 sm:grid-cols-2">
          {of.limits.map((limit) => (
            <LimitBar key={limit.id} limit={limit} />
          ))}
        </div>
      )}
      {editing && <EditWorkspace of={of} onClose={() => setEditing(false)} />}
      {moving && <MoveClock of={of} onClose={() => setMoving(false)} />}
    </Panel>
  );
}

function EditWorkspace({ of, onClose }: { of: Workspace; onClose: () => void }) {
  const client = useQueryClient();
  // What is sent is what was changed here: what somebody else changes meanwhile stays as they made it.
  const [from] = useState({ name: of.name, mode: of.balance.mode, limits: of.limits.map((limit) => ({ metric: limit.metric, window: limit.window ?? "", amount: String(limit.amount) })) });
  const [name, setName] = useState(from.name);
  const [mode, setMode] = useState(from.mode);
  const [draft, setDraft] = useState({ ...EMPTY_DRAFT, name: "-", limits: from.limits });
  const patch = {
    ...(name.trim() === from.name ? {} : { name: name.trim() }),
    ...(mode === from.mode ? {} : { balance: { mode } }),
    ...(JSON.stringify(draft.limits) === JSON.stringify(from.limits) ? {} : { limits: limitRules(draft.limits) as never }),
  };
  const changed = Object.keys(patch).length > 0;
  const problems = problemsOf(draft);
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        api.PATCH("/admin/v1/workspaces/{id}", {
          params: { path: { id: of.id }, query: { workspace: of.id } },
          body: patch,
        }),
      ),
    onSuccess: (workspace) => {
      client.setQueryData(["workspace", of.id], workspace);
      void client.invalidateQueries({ queryKey: ["workspaces"] });
      notify(<><bdi>{workspace.name}</bdi> is changed.</>);
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<>Edit <bdi>{of.name}</bdi></>}
      onSubmit={() => changed && name.trim() && problems.length === 0 && save.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={!changed || !name.trim() || problems.length > 0} busy={save.isPending}>
            Save changes
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Field label="Name">{(field) => <Input {...field} autoFocus value={name} onChange={(event) => setName(event.target.value)} />}</Field>
        <Field label="Balance" hint={mode === "prepaid" ? "Spends what was granted, less all that it was ever charged." : "Limits alone hold it."}>
          {(field) => (
            <Select {...field} value={mode} onChange={(event) => setMode(event.target.value as typeof mode)}>
              <option value="unlimited">Unlimited</option>
              <option value="prepaid">Prepaid</option>
            </Select>
          )}
        </Field>
        <div className="space-y-3">
          <p className="text-sm font-medium">Limits of all its keys together</p>
          <LimitsFields draft={{ ...draft, enforcement: "hard" }} change={(changes) => setDraft((before) => ({ ...before, ...changes, enforcement: "hard" }))} problems={problems.filter((problem) => draft.limits.some((limit, index) => limit.amount !== "" && problem.param.startsWith(`limits[${index}]`)))} />
        </div>
        {save.error && <ProblemNote error={save.error} />}
      </div>
    </Dialog>
  );
}

function MoveClock({ of, onClose }: { of: Workspace; onClose: () => void }) {
  const client = useQueryClient();
  const [advance, setAdvance] = useState("1d");
  const move = useMutation({
    mutationFn: () => unwrap(api.POST("/admin/v1/workspaces/{id}/test-clock", { params: { path: { id: of.id }, query: { workspace: of.id } }, body: { advance } as never })),
    onSuccess: (workspace) => {
      client.setQueryData(["workspace", of.id], workspace);
      void client.invalidateQueries({ queryKey: ["keys"] });
      notify(<>Sandbox keys of <bdi>{of.name}</bdi> live at {formatExact(workspace.test_time)}.</>);
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Move the test clock forward"
      description="Sandbox keys live by it: watch their limits turn and them expire. Production keys do not, and it never goes back."
      onSubmit={() => move.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={move.isPending}>
            Move test clock
          </Button>
        </>
      }
    >
      <Field label="By">
        {(field) => (
          <Select {...field} value={advance} onChange={(event) => setAdvance(event.target.value)}>
            {[
              ["60s", "a minute"],
              ["1h", "an hour"],
              ["1d", "a day"],
              ["1w", "a week"],
              ["31d", "31 days"],
            ].map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {move.error && <ProblemNote className="mt-4" error={move.error} />}
    </Dialog>
  );
}

function PasswordPanel() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [tried, setTried] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useAsked("password", () => first.current?.focus());
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => send("POST", "/admin/v1/session/password", { body: { current_password: current, new_password: next } }),
    onSuccess: () => {
      notify("Your password is changed. Your other sessions have ended.");
      setCurrent("");
      setNext("");
      setTried(false);
      void client.invalidateQueries({ queryKey: ["sessions"] });
      void client.invalidateQueries({ queryKey: ["session"] });
    },
  });
  const problem = (param: string) => (change.error instanceof Problem ? change.error.problems.find((one) => one.param === param)?.message : undefined);
  return (
    <Panel title="Password">
      <form
        noValidate
        className="grid items-start gap-4 sm:grid-cols-[1fr_1fr_auto]"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (current && !passwordProblem(next)) change.mutate();
        }}
      >
        <Field label="Present password" problem={problem("current_password")}>
          {(field) => <Input {...field} ref={first} type="password" autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />}
        </Field>
        <Field label="New password" hint="Ends your other sessions." problem={problem("new_password") ?? (tried && next ? passwordProblem(next) : null)}>
          {(field) => <Input {...field} type="password" autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />}
        </Field>
        <Button type="submit" className="sm:mt-[26px]" disabled={!current || !next} busy={change.isPending}>
          Change password
        </Button>
      </form>
      {change.error && <ProblemNote className="mt-4" error={change.error} />}
    </Panel>
  );
}

// The provider that people may sign in with beside their password, if the installation has one.
function ProviderPanel() {
  const { refused } = useSearch({ from: "/shell/settings" });
  const options = useQuery(signInQuery);
  const oidc = options.data?.oidc;
  const link = useQuery({
    queryKey: ["session", "oidc"],
    queryFn: ({ signal }) => send<OidcLink>("GET", "/admin/v1/session/oidc", { signal }),
    enabled: Boolean(oidc),
  });
  const client = useQueryClient();
  const [linking, setLinking] = useState(false);
  const unlink = useMutation({
    mutationFn: () => send("DELETE", "/admin/v1/session/oidc"),
    onSuccess: () => {
      notify(`${oidc?.name} does not sign you in any more.`);
      void client.invalidateQueries({ queryKey: ["session", "oidc"] });
    },
    onError: notifyProblem,
  });
  const actions = link.data && (
    <Button size="small" busy={unlink.isPending} onClick={() => (link.data.linked_at ? unlink.mutate() : setLinking(true))}>
      {link.data.linked_at ? "Remove link" : "Link"}
    </Button>
  );
  if (!options.data) return null;
  return (
    <Panel title="Single sign-on" actions={actions}>
      {refused && <RefusalNote className="mb-4">{refusalText(refused)}</RefusalNote>}
      <ReadProblem className="mb-4" of={link} />
      {oidc ? (
        <Facts>
          <Fact name="Provider">{oidc.name}</Fact>
          <Fact name="Issuer" mono>
            {oidc.issuer}
          </Fact>
          <Fact name="Your account">{link.data?.linked_at ? <>Linked <Time at={link.data.linked_at} /></> : "Not linked"}</Fact>
        </Facts>
      ) : (
        <p className="text-muted">
          Not set up. An operator names an OpenID provider as <code className="font-mono text-xs">oidc</code> in tollgate.yaml.
        </p>
      )}
      {linking && oidc && <LinkProvider name={oidc.name} onClose={() => setLinking(false)} />}
    </Panel>
  );
}

function LinkProvider({ name, onClose }: { name: string; onClose: () => void }) {
  const [password, setPassword] = useState("");
  const begin = useMutation({
    mutationFn: () => send<OidcDeparture>("POST", "/admin/v1/session/oidc", { body: { password } }),
    onSuccess: ({ location }) => window.location.assign(location),
    onError: () => setPassword(""),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Link ${name}`}
      description={`You are sent to ${name} and back. From then on either way signs you in.`}
      onSubmit={() => password && begin.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={!password} busy={begin.isPending || begin.isSuccess}>
            Continue with {name}
          </Button>
        </>
      }
    >
      <Field label="Your password here">
        {(field) => <Input {...field} autoFocus type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Field>
      {begin.error && <ProblemNote className="mt-4" error={begin.error} />}
    </Dialog>
  );
}

function SessionsPanel() {
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ["sessions"], queryFn: ({ signal }) => send<Page<OpenSession>>("GET", "/admin/v1/sessions", { signal }) });
  const end = useMutation({
    mutationFn: (id: string) => send("DELETE", `/admin/v1/sessions/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["sessions"] }),
    onError: notifyProblem,
  });
  return (
    <Panel title="Where you are signed in" flush>
      <ReadProblem className="m-4" of={sessions} />
      {sessions.isPending && (
        <Waiting label="Loading where you are signed in">
          <RowBones rows={2} widths={["w-44", "w-20", "w-20"]} />
        </Waiting>
      )}
      {sessions.data && (
        <Table<OpenSession>
          label="Sessions"
          rows={sessions.data.data}
          keyOf={(session) => session.id}
          columns={[
            {
              name: "From",
              cell: (session) => (
                <span className="flex max-w-72 flex-col py-1.5">
                  <span className="flex items-center gap-2">
                    <span className="font-mono text-xs">{session.from}</span>
                    {session.current && <Tag tone="accent">this one</Tag>}
                  </span>
                  <span className="truncate text-xs text-muted" title={session.client ?? undefined}>
                    <bdi>{session.client ?? ""}</bdi>
                  </span>
                </span>
              ),
            },
            { name: "Signed in", cell: (session) => <Time at={session.created_at} className="whitespace-nowrap text-muted" /> },
            { name: "Last seen", cell: (session) => <Time at={session.last_seen_at} className="whitespace-nowrap text-muted" /> },
            { name: "Ends", cell: (session) => <Time at={session.expires_at} className="whitespace-nowrap text-muted" /> },
            {
              name: "Actions",
              hideName: true,
              className: "text-right",
              cell: (session) =>
                !session.current && (
                  <Button size="small" busy={end.isPending && end.variables === session.id} onClick={() => end.mutate(session.id)}>
                    End
                  </Button>
                ),
            },
          ]}
        />
      )}
    </Panel>
  );
}
