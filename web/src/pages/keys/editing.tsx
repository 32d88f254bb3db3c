// Editing a key where it is read: one part of it at a time, which one stands in the URL. What will change is said before it
// is saved; what somebody else changes meanwhile stays as they made it.
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

import { Problem } from "@/api/client";
import type { Key, KeyPatch } from "@/api/contract";
import { BESIDE } from "@/app/beside";
import { useSession } from "@/app/session";
import { gatewayNow } from "@/lib/clock";
import { plural } from "@/lib/format";
import { type Change, draftOf, patchOf } from "@/lib/key_changes";
import { type KeyDraft, problemsOf } from "@/lib/key_form";
import type { KeyPart } from "@/lib/search";
import { mayLeave } from "@/lib/unsaved";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field, Input } from "@/ui/field";
import { ProblemNote, RefusalNote } from "@/ui/notice";
import { Unsaved } from "@/ui/unsaved";

import { useUpdate } from "./changes";
import { CarbonField, DetailsFields, ExpiryFields, type FieldsProps, LimitsFields, nextLimit, ScopeFields } from "./key_fields";

export interface Editing {
  part: KeyPart | null;
  allowed: boolean;
  begin: (part: KeyPart) => void;
  end: () => void;
}

// Once begun, it stays until it is ended, whatever becomes of the role or the key: what was typed is not taken away.
export function useEditing(allowed: boolean): Editing {
  const { edit } = useSearch({ from: "/shell/keys/$id" });
  const navigate = useNavigate({ from: "/keys/$id" });
  const router = useRouter();
  const [begun, setBegun] = useState<KeyPart>();
  if (edit !== begun && (allowed || edit === undefined)) setBegun(edit);
  return {
    part: (edit === begun && edit) || null,
    allowed,
    begin: (part) => void navigate({ search: (before) => ({ ...before, edit: part }), replace: edit !== undefined, state: edit === undefined ? BESIDE : true }),
    end: () =>
      router.latestLocation.state.beside
        ? router.history.back({ ignoreBlocker: true })
        : void navigate({ search: (before) => ({ ...before, edit: undefined }), replace: true, ignoreBlocker: true }),
  };
}

// Has the focus back when what it opened is closed.
export function EditButton({ part, editing, name, quiet }: { part: KeyPart; editing: Editing; name: string; quiet?: "quiet" }) {
  const button = useRef<HTMLButtonElement>(null);
  const open = editing.part === part;
  const was = useRef(open);
  useEffect(() => {
    const nothingHasIt = document.activeElement === null || document.activeElement === document.body;
    if (was.current && !open && nothingHasIt) (button.current ?? document.getElementById("main"))?.focus();
    was.current = open;
  }, [open]);
  if (open || !editing.allowed) return null;
  return (
    <Button
      ref={button}
      look={quiet ?? "plain"}
      size={quiet ? "small" : "normal"}
      className={quiet && "-mr-2"}
      aria-label={quiet && name}
      icon={<Pencil aria-hidden className="size-3.5" />}
      onClick={() => editing.begin(part)}
    >
      {quiet ? "Edit" : name}
    </Button>
  );
}

const COLUMNS = "grid items-start gap-x-6 gap-y-5 lg:grid-cols-2";

function Named(props: FieldsProps) {
  const { draft, change, problems } = props;
  return (
    <div className={COLUMNS}>
      <Field label="Name" problem={problems.find(({ param }) => param === "name")?.message}>
        {(field) => <Input {...field} value={draft.name} onChange={(event) => change({ name: event.target.value })} />}
      </Field>
      <DetailsFields {...props} />
    </div>
  );
}

const PARTS: Record<KeyPart, { name: string; Fields: (props: FieldsProps) => ReactNode }> = {
  details: { name: "Edit details", Fields: Named },
  limits: { name: "Edit limits", Fields: LimitsFields },
  policy: {
    name: "Edit policy",
    Fields: (props) => (
      <div className={COLUMNS}>
        <ScopeFields {...props} />
        <ExpiryFields {...props} />
        <CarbonField {...props} />
      </div>
    ),
  },
};

interface Draft {
  from: Key;
  draft: KeyDraft;
}

// What was typed and not saved outlives the end of a session: it is there again for whoever typed it.
const kept = new Map<string, Draft>();

// A key without limits has its first one to type at once.
function begunWith(of: Key, part: KeyPart): Draft {
  const draft = draftOf(of);
  return { from: of, draft: part === "limits" && draft.limits.length === 0 ? { ...draft, limits: [nextLimit([])] } : draft };
}

function useDraft(of: Key, part: KeyPart) {
  const { person } = useSession();
  const name = `${person.id} ${of.id} ${part}`;
  const [{ from, draft }, set] = useState<Draft>(() => kept.get(name) ?? begunWith(of, part));
  const forget = () => void kept.delete(name);
  const update = useUpdate(of, forget);
  const { patch, changes } = patchOf(from, draft, gatewayNow(), of);
  const changed = changes.length > 0 && !update.isSuccess;
  useEffect(() => {
    if (changed) kept.set(name, { from, draft });
    else kept.delete(name);
  }, [changed, name, from, draft]);
  return {
    from,
    draft,
    patch,
    changes: changed ? changes : [],
    update,
    change: (some: Partial<KeyDraft>) => set((before) => ({ ...before, draft: { ...before.draft, ...some } })),
    forget,
    undo: () => set(begunWith(of, part)),
  };
}

// What the gateway says of each field.
function refusedOf(error: unknown) {
  if (!(error instanceof Problem)) return [];
  return error.problems.length === 0 && error.param ? [{ param: error.param, message: error.message }] : error.problems;
}

const UNTAKEN = '[data-untaken]:not([data-untaken=""])';
const composing = ({ nativeEvent }: KeyboardEvent) => nativeEvent.isComposing || nativeEvent.keyCode === 229;

// What stands in a field of several texts and is not one of them yet.
function useUntaken() {
  const [untaken, setUntaken] = useState("");
  return {
    untaken,
    taken: () => setUntaken(""),
    onInput: ({ target }: FormEvent<HTMLFormElement>) =>
      setUntaken(target instanceof HTMLInputElement && target.dataset["untaken"] !== undefined ? target.value.trim() : ""),
  };
}

export function EditForm({ of, part, editing }: { of: Key; part: KeyPart; editing: Editing }) {
  const { from, draft, patch, changes, update, change, forget, undo } = useDraft(of, part);
  const [tries, setTries] = useState(0);
  const { untaken, taken, onInput } = useUntaken();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const { current } = form;
    if (!current?.contains(document.activeElement)) (current?.querySelector<HTMLElement>("input,select,textarea") ?? current?.querySelector("button"))?.focus();
  }, []);
  useEffect(() => {
    if (tries > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [tries, update.error]);
  const meanwhile = update.isPending || update.isSuccess ? [] : patchOf(from, draftOf(of)).changes;
  const revoked = of.status === "revoked";
  const may = editing.allowed && !revoked;
  const refused = refusedOf(update.error);
  const end = () => {
    forget();
    editing.end();
  };
  const submit = () => {
    // What such a field has not taken is not left behind.
    const left = form.current?.querySelector<HTMLElement>(UNTAKEN);
    if (left) return left.focus();
    setTries(tries + 1);
    if (problemsOf(draft).length === 0 && changes.length && may) update.mutate(patch as KeyPatch, { onSuccess: end });
  };
  // A field of several texts takes what stands in it when it is left, so that it is drawn with it before the form is sent.
  const submitWhole = () => {
    const active = document.activeElement as HTMLElement | null;
    active?.blur();
    setTimeout(() => {
      active?.focus({ preventScroll: true });
      form.current?.requestSubmit();
    });
  };
  const leave = async () => {
    if (await mayLeave()) end();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (composing(event)) return;
    if (event.key === "Escape" && !event.defaultPrevented) {
      if (!event.repeat && !update.isPending) void leave();
    } else if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      if (!event.repeat && !update.isPending) submitWhole();
    } else return;
    event.preventDefault();
  };
  const lost = untaken ? [...changes, { what: "Typed", before: "not added", after: untaken }] : changes;
  const unsavedWords = [meanwhile.length > 0 && "Somebody changed the key meanwhile", changes.length > 0 && `${plural(changes.length, "change")}, not saved`];
  const { name, Fields } = PARTS[part];
  return (
    <>
      {/* Keys that mean the whole form, whatever of it has the focus. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <form
        ref={form}
        noValidate
        aria-label={name}
        className="space-y-5"
        onKeyDown={onKeyDown}
        onInput={onInput}
        onBlur={taken}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Fields draft={draft} change={change} problems={tries > 0 ? [...problemsOf(draft), ...refused] : []} />
        {revoked && <RefusalNote>The key was revoked meanwhile: nothing of it can be changed any more.</RefusalNote>}
        {!revoked && !may && <RefusalNote>Your role was changed meanwhile: you may not change this key any more.</RefusalNote>}
        {meanwhile.length > 0 && <Changes title="Somebody changed it since you opened this; what you leave alone stays so" of={meanwhile} />}
        {changes.length > 0 && <Changes title="From the next request on" of={changes} />}
        <p role="status" className="sr-only">
          {unsavedWords.filter(Boolean).join(". ")}
        </p>
        {update.error && <ProblemNote error={update.error} />}
        <div className="flex flex-wrap items-center justify-end gap-2">
          <Button look="quiet" disabled={update.isPending} onClick={end}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={update.isPending} disabled={changes.length === 0 || !may}>
            Save changes
          </Button>
        </div>
      </form>
      <Unsaved
        changed={lost.length > 0}
        staysAt={({ pathname, search }) => pathname === `/keys/${of.id}` && (search as { edit?: KeyPart }).edit === part}
        title={<>Leave <bdi>{of.name}</bdi> without saving?</>}
        onDiscard={undo}
      >
        <Changes title="This is not saved yet" of={lost} />
      </Unsaved>
    </>
  );
}

function Changes({ title, of }: { title: string; of: Change[] }) {
  const named = useId();
  return (
    <div role="group" aria-labelledby={named} className="rounded-panel border bg-sunken px-4 py-3 text-sm">
      <p id={named} className="mb-1.5 font-medium">
        {title}
      </p>
      <ul className="space-y-1">
        {of.map(({ what, before, after }, index) => (
          <li key={index} className="flex flex-wrap items-baseline gap-x-2">
            <span className="w-28 shrink-0 text-muted">{what}</span>
            <span className="flex min-w-0 flex-1 basis-40 flex-wrap items-baseline gap-x-2">
              <Said text={before} className="text-muted" />
              <span aria-hidden className="text-muted">→</span>
              <span className="sr-only">becomes</span>
              <Said text={after} className="font-medium" />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const Said = ({ text, className }: { text: string; className: string }) => (
  <bdi title={text} className={cx("line-clamp-3 max-w-full min-w-0 break-words", className)}>
    {text}
  </bdi>
);
