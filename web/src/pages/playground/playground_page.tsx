// Playground: try a model, or two side by side, with a key of yours. It calls /v1 as any client would,
// with a 15-minute secret of its own that lives in this page's memory and nowhere else.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Code, Columns2, Eraser, Send, Square } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useRef, useState } from "react";

import { api, unwrap } from "@/api/client";
import type { Key } from "@/api/contract";
import { keyQuery, keysQuery, modelsQuery } from "@/api/queries";
import { useHere } from "@/app/session";
import { formatCount, formatMs } from "@/lib/format";
import { exactMoney, formatMoney } from "@/lib/money";
import { type Language, LANGUAGES, snippet } from "@/lib/snippets";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select, Textarea } from "@/ui/field";
import { Empty, ProblemNote, RequestId, RowShapes } from "@/ui/notice";
import { PageHead, Panel, Segments } from "@/ui/page";
import { Tag } from "@/ui/status";
import { CodeBlock, TabPanel, Tabs } from "@/ui/tabs";
import { useMayChange } from "@/app/may_change";

import { type Answer, call, CallRefused, type CallSettings, chatBody, type ChatMessage, EMPTY_ANSWER } from "./chat";
import { ownSecret } from "./own_secret";
import { type Pasted, pastedFor } from "./pasted";

interface Turn {
  prompt: string;
  answers: Side[];
}
interface Side {
  model: string;
  answer: Answer;
  state: "running" | "done" | "stopped" | "failed";
  problem?: CallRefused;
}

const SANDBOX = ["sandbox/echo", "sandbox/lorem", "sandbox/slow"];
const PLACEHOLDER = "YOUR_KEY";

// A secret for calls with the key: the page's own, or, for a key that is not this person's to change, one that
// they paste.
function useSecret(key: Key | undefined, pasted: string, changeable: boolean) {
  const { workspace } = useHere();
  const [own] = useState(() =>
    ownSecret(async (id) => {
      const made = await unwrap(api.POST("/admin/v1/keys/{id}/secrets", { params: { path: { id }, query: { workspace } }, body: { purpose: "playground" } }));
      if (!made.secret || !made.retires_at) throw new CallRefused("The gateway made no secret for the playground.", 0, null);
      return { secret: made.secret, lives_ms: Date.parse(made.retires_at) - Date.parse(made.created_at) };
    }),
  );
  useEffect(() => own.forget, [own]);
  return async (refused?: string): Promise<string> => {
    if (!key) throw new CallRefused("Choose a key first.", 0, null);
    if (changeable) return own.take(key.id, refused);
    if (!pasted) throw new CallRefused("This key is not yours to change, so that no secret can be made for it here. Paste one of its own beside this.", 0, null);
    return pasted;
  };
}

export function PlaygroundPage() {
  const { workspace, may } = useHere();
  // More keys than a list can hold are found by what is typed.
  const [find, setFind] = useState("");
  const search = useDeferredValue(find.trim());
  const list = useInfiniteQuery(keysQuery(workspace, { status: "active", ...(search ? { search } : {}) }));
  const [chosen, setChosen] = useState<string | null>(null);
  const held = useQuery({ ...keyQuery(workspace, chosen ?? ""), enabled: chosen !== null }).data;
  const found = list.data?.pages.flatMap((page) => page.data) ?? [];
  const keys = (held?.status === "active" && !found.some(({ id }) => id === held.id) ? [held, ...found] : found).filter((key) => key.type !== "management");
  const mayChange = useMayChange();
  const mine = keys.filter(mayChange);
  const key = keys.find(({ id }) => id === chosen) ?? mine.find(({ environment }) => environment === "sandbox") ?? mine[0] ?? keys[0];
  if (list.data && keys.length === 0 && find === "") {
    return (
      <>
        <PageHead title="Playground" />
        <Panel>
          <Empty
            title="It takes a key to call a model"
            shape={<RowShapes rows={2} />}
            action={
              may("member") && (
                <Link to="/keys" search={{ create: true }} className="inline-flex h-9 items-center rounded-control bg-accent px-3.5 font-medium text-on-accent">
                  Create key
                </Link>
              )
            }
          >
            What is tried here counts against the key’s limits, as every call does.
          </Empty>
        </Panel>
      </>
    );
  }
  return <Bench keys={keys} of={key} choose={setChosen} failed={list.error} finder={(list.hasNextPage || find !== "") && <Input type="search" aria-label="Find a key" placeholder="Find by name" className="mb-2" value={find} onChange={(event) => setFind(event.target.value)} />} />;
}

function Bench({ keys, of, choose, failed, finder }: { keys: Key[]; of: Key | undefined; choose: (id: string) => void; failed: Error | null; finder: ReactNode }) {
  const { workspace } = useHere();
  const models = useQuery(modelsQuery(workspace));
  const [picked, setPicked] = useState<string[]>([""]);
  const [settings, setSettings] = useState<CallSettings>({ temperature: "", max_tokens: "", system: "" });
  const [turns, setTurns] = useState<Turn[]>([]);
  const [prompt, setPrompt] = useState("");
  const [code, setCode] = useState(false);
  const stop = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const [pasted, setPasted] = useState<Pasted | null>(null);
  const mayChange = useMayChange();
  const needed = of !== undefined && !mayChange(of);
  const secret = useSecret(of, pastedFor(pasted, of?.id), !needed);
  useEffect(() => () => stop.current?.abort(), []);
  const known = (models.data?.data ?? []).map((model) => model.id);
  const choices = of?.environment === "sandbox" ? [...SANDBOX, ...known.filter((id) => !id.startsWith("sandbox/"))] : ["tollgate/auto", ...known.filter((id) => !id.startsWith("sandbox/"))];
  const columns = picked.map((model) => model || choices[0] || "sandbox/echo");
  const running = turns.at(-1)?.answers.some(({ state }) => state === "running") ?? false;

  const history = (column: number, before: Turn[]): ChatMessage[] =>
    before.flatMap(({ prompt: said, answers }) => {
      const side = answers[column] ?? answers[0];
      return side?.state === "done" && side.answer.text ? [{ role: "user" as const, content: said }, { role: "assistant" as const, content: side.answer.text }] : [];
    });
  const setSide = (column: number, changes: Partial<Side>) =>
    setTurns((before) => before.map((turn, at) => (at === before.length - 1 ? { ...turn, answers: turn.answers.map((side, index) => (index === column ? { ...side, ...changes } : side)) } : turn)));

  const ask = useMutation({
    mutationFn: async () => {
      const said = prompt.trim();
      const token = await secret();
      const control = new AbortController();
      stop.current = control;
      const bodies = columns.map((model, column) => chatBody(model, [...history(column, turns), { role: "user", content: said }], settings));
      setTurns((before) => [...before, { prompt: said, answers: columns.map((model) => ({ model, answer: EMPTY_ANSWER, state: "running" })) }]);
      setPrompt("");
      await Promise.all(
        bodies.map(async (body, column) => {
          try {
            const tell = (now: Answer) => setSide(column, { answer: now });
            const answer = await call(token, body, tell, control.signal).catch(async (error: unknown) => {
              // Another page may have taken its place.
              if (needed || !(error instanceof CallRefused) || error.status !== 401) throw error;
              return call(await secret(token), body, tell, control.signal);
            });
            setSide(column, { answer, state: "done" });
          } catch (error) {
            if (control.signal.aborted) setSide(column, { state: "stopped" });
            else setSide(column, { state: "failed", problem: error instanceof CallRefused ? error : new CallRefused("The gateway cannot be reached.", 0, null) });
          }
        }),
      );
    },
  });
  // The call that Send would make; where nothing is typed, the one that it made last.
  const next = prompt.trim();
  const last = next ? undefined : turns.at(-1);
  const bodyOf = (model: string, column: number) => chatBody(model, [...history(column, last ? turns.slice(0, -1) : turns), { role: "user", content: next || last?.prompt || "Hello" }], settings);
  const submit = () => {
    if (prompt.trim() && !running && !ask.isPending) ask.mutate();
  };
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [turns]);

  return (
    <>
      <PageHead
        title="Playground"
        actions={
          <>
            <Button icon={<Eraser aria-hidden className="size-4" />} disabled={turns.length === 0 || running} onClick={() => setTurns([])}>
              Clear
            </Button>
            <Button aria-pressed={picked.length === 2} icon={<Columns2 aria-hidden className="size-4" />} onClick={() => setPicked((before) => (before.length === 1 ? [before[0] ?? "", choices[1] ?? ""] : before.slice(0, 1)))}>
              {picked.length === 2 ? "One model" : "Compare two"}
            </Button>
            <Button icon={<Code aria-hidden className="size-4" />} onClick={() => setCode(true)}>
              Show code
            </Button>
          </>
        }
      />
      {failed && <ProblemNote className="mb-4" error={failed} />}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_280px]">
        <section aria-label="Messages" className="flex min-h-[44vh] min-w-0 sm:min-h-[64vh] flex-col rounded-panel border bg-panel">
          <div className={cx("grid border-b", columns.length === 2 && "grid-cols-2")}>
            {columns.map((model, column) => (
              <div key={column} className={cx("p-2.5", column === 1 && "border-l")}>
                <Select aria-label={columns.length === 2 ? `Model ${column + 1}` : "Model"} className="font-mono" value={model} onChange={(event) => setPicked((before) => before.map((old, at) => (at === column ? event.target.value : old)))}>
                  {!choices.includes(model) && <option value={model}>{model}</option>}
                  {choices.map((id) => (
                    <option key={id} value={id}>
                      {id}
                    </option>
                  ))}
                </Select>
              </div>
            ))}
          </div>
          <div className="flex-1" aria-live="off">
            {turns.length === 0 && <p className="px-6 py-16 text-center text-muted">Ask something. What it costs counts against {of ? <bdi className="font-medium break-words text-ink">{of.name}</bdi> : "the key"}.</p>}
            {turns.map((turn, index) => (
              <div key={index} className="border-b last:border-b-0">
                <p dir="auto" className="bg-sunken px-4 py-2.5 text-sm break-words whitespace-pre-wrap">{turn.prompt}</p>
                <div className={cx("grid", turn.answers.length === 2 && "grid-cols-2")}>
                  {turn.answers.map((side, column) => (
                    <AnswerBox key={column} of={side} divided={column === 1} />
                  ))}
                </div>
              </div>
            ))}
            <div ref={end} />
          </div>
          <p role="status" className="sr-only">
            {running ? "Answering" : turns.length ? "Answered" : ""}
          </p>
          <form
            className="border-t p-3"
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
          >
            {ask.error && <ProblemNote className="mb-3" error={ask.error} />}
            <div className="flex items-end gap-2">
              <Textarea
                aria-label="Prompt"
                rows={2}
                value={prompt}
                placeholder="Enter sends, Shift+Enter begins a line"
                onChange={(event) => setPrompt(event.target.value)}
                onKeyDown={(event: KeyboardEvent) => {
                  if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
                    event.preventDefault();
                    submit();
                  }
                }}
              />
              {running ? (
                <Button className="!h-[58px]" icon={<Square aria-hidden className="size-4" />} onClick={() => stop.current?.abort()}>
                  Stop
                </Button>
              ) : (
                <Button type="submit" look="primary" className="!h-[58px]" busy={ask.isPending} disabled={!prompt.trim() || !of} icon={<Send aria-hidden className="size-4" />}>
                  Send
                </Button>
              )}
            </div>
          </form>
        </section>
        <Panel title="Request" className="self-start">
          <div className="space-y-4">
            {finder}
            <Field label="Key" hint={of?.environment === "sandbox" ? "Sandbox: simulated, costs nothing." : "Production: charged as any call."}>
              {(field) => (
                <Select {...field} value={of?.id ?? ""} onChange={(event) => choose(event.target.value)}>
                  {keys.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.name}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            {needed && (
              <Field label="Its secret" hint="The key is not yours to change: paste a secret of it. It is kept in this page’s memory only.">
                {(field) => <Input {...field} type="password" autoComplete="off" className="font-mono" value={pasted && pasted.key === of?.id ? pasted.secret : ""} onChange={(event) => of && setPasted({ key: of.id, secret: event.target.value })} />}
              </Field>
            )}
            <Field label="System message" optional>
              {(field) => <Textarea {...field} rows={3} value={settings.system} onChange={(event) => setSettings({ ...settings, system: event.target.value })} />}
            </Field>
            <div className="grid grid-cols-2 gap-3">
              <Field label="Temperature">
                {(field) => <Input {...field} type="number" min={0} max={2} step={0.1} placeholder="default" className="numbers" value={settings.temperature} onChange={(event) => setSettings({ ...settings, temperature: event.target.value })} />}
              </Field>
              <Field label="Max tokens">
                {(field) => <Input {...field} type="number" min={1} step={1} placeholder="default" className="numbers" value={settings.max_tokens} onChange={(event) => setSettings({ ...settings, max_tokens: event.target.value })} />}
              </Field>
            </div>
          </div>
        </Panel>
      </div>
      {code && <CodeDialog onClose={() => setCode(false)} bodies={columns.map(bodyOf)} />}
    </>
  );
}

function AnswerBox({ of, divided }: { of: Side; divided: boolean }) {
  const { answer } = of;
  const facts = [
    answer.model && answer.model !== of.model ? answer.model : null,
    answer.provider && `${answer.provider}${answer.region ? ` · ${answer.region}` : ""}`,
    answer.input_tokens !== null && `${formatCount(answer.input_tokens)} in`,
    answer.output_tokens !== null && `${formatCount(answer.output_tokens)} out`,
    answer.first_token_ms !== null && `first token ${formatMs(answer.first_token_ms)}`,
    answer.latency_ms > 0 && formatMs(answer.latency_ms),
  ].filter((fact): fact is string => Boolean(fact));
  return (
    <div className={cx("flex min-w-0 flex-col px-4 py-3", divided && "border-l")}>
      {answer.reasoning && (
        <details className="mb-2 text-sm text-muted">
          <summary>Reasoning</summary>
          <p dir="auto" className="mt-1 break-words whitespace-pre-wrap">{answer.reasoning}</p>
        </details>
      )}
      <p dir="auto" className="flex-1 break-words whitespace-pre-wrap">
        {answer.text}
        {of.state === "running" && <span aria-hidden className="ml-0.5 inline-block h-4 w-1.5 translate-y-0.5 animate-pulse bg-accent" />}
      </p>
      {of.problem && (
        <div role="alert" className="mt-2 rounded-control bg-bad-soft px-3 py-2 text-sm">
          <p className="break-words">{of.problem.message}</p>
          {of.problem.requestId && <RequestId id={of.problem.requestId} />}
        </div>
      )}
      {of.state === "stopped" && <p className="mt-2 text-sm text-muted">Stopped.</p>}
      {of.state !== "running" && (
        <p className="numbers mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted">
          {answer.cost !== null && (
            <Tag tone="accent" title={exactMoney(answer.cost)}>
              {formatMoney(answer.cost)}
            </Tag>
          )}
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
          {answer.generation && (
            <Link to="/usage" search={{ row: answer.generation }} className="text-accent underline-offset-4 hover:underline">
              Route and price
            </Link>
          )}
        </p>
      )}
    </div>
  );
}

// The code for exactly this call, of either column; the token is the reader's own to fill in.
function CodeDialog({ onClose, bodies }: { onClose: () => void; bodies: ReturnType<typeof chatBody>[] }) {
  const [language, setLanguage] = useState<Language>("curl");
  const [column, setColumn] = useState("0");
  const made = { origin: location.origin, token: PLACEHOLDER, body: bodies[Number(column)] ?? bodies[0]! };
  return (
    <Dialog wide open onOpenChange={(next) => !next && onClose()} title="This call as code" description={`Put a key’s secret where ${PLACEHOLDER} stands.`}>
      {bodies.length > 1 && (
        <div className="mb-3">
          <Segments label="Whose call" value={column} onChange={setColumn} options={bodies.map(({ model }, index) => ({ value: String(index), name: model }))} />
        </div>
      )}
      <div className="overflow-hidden rounded-panel border">
        <Tabs label="Languages" value={language} onChange={setLanguage} tabs={LANGUAGES} aside={<CopyButton bare look="quiet" className="mr-1.5" text={snippet(language, made)} label="Copy the code" />}>
          {LANGUAGES.map(({ id }) => (
            <TabPanel key={id} id={id}>
              <CodeBlock className="max-h-96">{snippet(id, made)}</CodeBlock>
            </TabPanel>
          ))}
        </Tabs>
      </div>
    </Dialog>
  );
}
