// Edit a key. What will change is said before it is saved; what somebody else changes meanwhile stays as they made it.
import { useState } from "react";

import { Problem } from "@/api/client";
import type { Key, KeyPatch } from "@/api/contract";
import { draftOf, patchOf } from "@/lib/key_changes";
import { type KeyDraft, problemsOf } from "@/lib/key_form";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { ProblemNote, RefusalNote } from "@/ui/notice";

import { useUpdate } from "./changes";
import { Folds } from "./key_fields";

export function EditDialog({ of, open, onClose }: { of: Key; open: boolean; onClose: () => void }) {
  const [from] = useState(of);
  const [draft, setDraft] = useState<KeyDraft>(() => draftOf(from));
  const [tried, setTried] = useState(false);
  const update = useUpdate(of);
  const { patch, changes } = patchOf(from, draft);
  const meanwhile = patchOf(from, draftOf(of)).changes;
  const revoked = of.status === "revoked";
  const refused = update.error instanceof Problem ? update.error.problems : [];
  const problems = [...problemsOf(draft), ...refused];
  const submit = () => {
    setTried(true);
    if (problemsOf(draft).length === 0 && changes.length && !revoked) update.mutate(patch as KeyPatch, { onSuccess: onClose });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={<>Edit <bdi>{of.name}</bdi></>}
      onSubmit={submit}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={update.isPending} disabled={changes.length === 0 || revoked}>
            Save changes
          </Button>
        </>
      }
    >
      <div className="space-y-5">
        <Field label="Name" problem={tried ? problems.find((problem) => problem.param === "name")?.message : null}>
          {(field) => <Input {...field} autoFocus value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} />}
        </Field>
        <Folds draft={draft} change={(some) => setDraft((before) => ({ ...before, ...some }))} problems={problems} showErrors={tried} />
        {revoked && <RefusalNote>The key was revoked meanwhile: nothing of it can be changed any more.</RefusalNote>}
        {meanwhile.length > 0 && <Sentences title="Somebody changed it since you opened this; what you leave alone stays so" of={meanwhile} />}
        {changes.length > 0 && <Sentences title="From the next request on" of={changes} />}
        {update.error && <ProblemNote error={update.error} />}
      </div>
    </Dialog>
  );
}

function Sentences({ title, of }: { title: string; of: string[] }) {
  return (
    <div role="status" className="rounded-panel border bg-sunken px-4 py-3 text-sm">
      <p className="mb-1 font-medium">{title}</p>
      <ul className="list-disc space-y-0.5 pl-4 text-muted">
        {of.map((one) => (
          <li key={one} className="break-words">
            <bdi>{one}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
