// Editing a key where it is read: one part of it at a time, which one stands in the URL. What will change is said before it
// is saved; what somebody else changes meanwhile stays as they made it.
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";

import { Problem } from "@/api/client";
import type { Key, KeyPatch } from "@/api/contract";
import { BESIDE } from "@/app/beside";
import { useSession } from "@/app/session";
import { gatewayNow } from "@/lib/clock";
import { type Change, draftOf, patchOf } from "@/lib/key_changes";
import { type KeyDraft, problemsOf } from "@/lib/key_form";
import type { KeyPart } from "@/lib/search";
import { Button } from "@/ui/button";
import { Cut } from "@/ui/cut";
import { Field, Input } from "@/ui/field";
import { ProblemNote, RefusalNote } from "@/ui/notice";
import { Unsaved } from "@/ui/unsaved";

import { useUpdate } from "./changes";
import { CarbonField, DetailsFields, ExpiryFields, type FieldsProps, LimitsFields, ScopeFields } from "./key_fields";

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

function useDraft(of: Key, part: KeyPart) {
  const { person } = useSession();
  const name = `${person.id} ${of.id} ${part}`;
  const [{ from, draft }, set] = useState<Draft>(() => kept.get(name) ?? { from: of, draft: draftOf(of) });
  const { patch, changes } = patchOf(from, draft, gatewayNow(), of);
  const changed = changes.length > 0;
  useEffect(() => {
    if (changed) kept.set(name, { from, draft });
    else kept.delete(name);
  }, [changed, name, from, draft]);
  return {
    from,
    draft,
    patch,
    changes,
    change: (some: Partial<KeyDraft>) => set((before) => ({ ...before, draft: { ...before.draft, ...some } })),
    forget: () => void kept.delete(name),
    undo: () => set({ from: of, draft: draftOf(of) }),
  };
}

// What the gateway says of each field.
function refusedOf(error: unknown) {
  if (!(error instanceof Problem)) return [];
  return error.problems.length === 0 && error.param ? [{ param: error.param, message: error.message }] : error.problems;
}

export function EditForm({ of, part, editing }: { of: Key; part: KeyPart; editing: Editing }) {
  const { from, draft, patch, changes, change, forget, undo } = useDraft(of, part);
  const [tried, setTried] = useState(false);
  const update = useUpdate(of);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => (form.current?.querySelector<HTMLElement>("input,select,textarea") ?? form.current?.querySelector("button"))?.focus(), []);
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
    const untaken = form.current?.querySelector<HTMLElement>("[data-untaken]");
    if (untaken) return untaken.focus();
    setTried(true);
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
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !update.isPending) end();
    else if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      if (!event.repeat && !update.isPending) submitWhole();
    } else return;
    event.preventDefault();
  };
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
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Fields draft={draft} change={change} problems={tried ? [...problemsOf(draft), ...refused] : []} />
        {revoked && <RefusalNote>The key was revoked meanwhile: nothing of it can be changed any more.</RefusalNote>}
        {!revoked && !may && <RefusalNote>Your role was changed meanwhile: you may not change this key any more.</RefusalNote>}
        {meanwhile.length > 0 && <Changes title="Somebody changed it since you opened this; what you leave alone stays so" of={meanwhile} />}
        {changes.length > 0 && <Changes title="From the next request on" of={changes} />}
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
        changed={changes.length > 0}
        staysAt={({ pathname, search }) => pathname === `/keys/${of.id}` && (search as { edit?: KeyPart }).edit === part}
        title={<>Leave <bdi>{of.name}</bdi> without saving?</>}
        onDiscard={undo}
      >
        <Changes title="This is not saved yet" of={changes} />
      </Unsaved>
    </>
  );
}

function Changes({ title, of }: { title: string; of: Change[] }) {
  return (
    <div role="status" className="rounded-panel border bg-sunken px-4 py-3 text-sm">
      <p className="mb-1.5 font-medium">{title}</p>
      <ul className="space-y-1">
        {of.map(({ what, before, after }, index) => (
          <li key={index} className="flex flex-wrap items-baseline gap-x-2">
            <span className="w-28 shrink-0 text-muted">{what}</span>
            <span className="flex min-w-0 flex-1 basis-40 flex-wrap items-baseline gap-x-2">
              <Cut text={before} className="max-w-full min-w-0 text-muted" />
              <span aria-hidden className="text-muted">→</span>
              <span className="sr-only">becomes</span>
              <Cut text={after} className="max-w-full min-w-0 font-medium" />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
