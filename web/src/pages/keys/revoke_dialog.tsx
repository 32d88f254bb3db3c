// Revoking cannot be taken back, so it asks for the key's own name.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap } from "@/api/client";
import type { Key } from "@/api/contract";
import { useHere } from "@/app/session";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Check, Field, Input } from "@/ui/field";
import { notify, ProblemNote } from "@/ui/notice";

export function RevokeDialog({ of, open, onClose }: { of: Key; open: boolean; onClose: (revoked: boolean) => void }) {
  const { workspace } = useHere();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const [cut, setCut] = useState(false);
  const revoke = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/admin/v1/keys/{id}", {
          params: { path: { id: of.id }, query: { workspace, ...(cut ? { abort_inflight: true } : {}) } },
        }),
      ),
    onSuccess: () => {
      notify(<><bdi>{of.name}</bdi> is revoked.</>);
      onClose(true);
      void client.invalidateQueries({ queryKey: ["keys", workspace] });
    },
  });
  const named = typed === of.name || typed.trim() === of.name.trim();
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose(false)}
      title={<>Revoke <bdi>{of.name}</bdi></>}
      description="Every request with it is refused from now on. This cannot be taken back; its usage stays."
      onSubmit={() => named && revoke.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={() => onClose(false)}>
            Cancel
          </Button>
          <Button type="submit" look="danger" disabled={!named} busy={revoke.isPending}>
            Revoke key
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Field label={<span>Type <bdi className="font-mono break-all whitespace-pre-wrap select-text">{of.name}</bdi> to confirm</span>}>
          {(field) => <Input {...field} autoFocus spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />}
        </Field>
        <Check checked={cut} onChange={setCut}>
          Cut requests that are under way, too
        </Check>
        {revoke.error && <ProblemNote error={revoke.error} />}
      </div>
    </Dialog>
  );
}
