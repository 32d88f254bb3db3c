// Rotation gives a key a new secret; the old one dies at once or after a grace period.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { api, unwrap } from "@/api/client";
import type { Key, KeyWithSecret } from "@/api/contract";
import { useHere } from "@/app/session";
import { Once, secretLost } from "@/lib/once";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select } from "@/ui/field";
import { ProblemNote } from "@/ui/notice";
import { useShownOnce } from "@/ui/shown_once";

import { SecretLost } from "./secret_lost";
import { SecretShown } from "./secret_shown";

const GRACES = [
  { value: 0, name: "Now" },
  { value: 3_600, name: "In an hour" },
  { value: 86_400, name: "In a day" },
  { value: 604_800, name: "In 7 days" },
  { value: 2_592_000, name: "In 30 days" },
];

export function RotateDialog({ of, open, onClose }: { of: Key; open: boolean; onClose: () => void }) {
  const { workspace } = useHere();
  const client = useQueryClient();
  const [grace, setGrace] = useState(86_400);
  const [once] = useState(() => new Once());
  const [rotated, setRotated] = useState<KeyWithSecret | null>(null);
  const [stored, setStored] = useState(false);
  const onStored = useCallback((now: boolean) => setStored(now), []);
  const rotate = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/admin/v1/keys/{id}/rotate", {
          params: { path: { id: of.id }, query: { workspace }, header: { "Idempotency-Key": once.ask({ id: of.id, grace }).key } },
          body: { grace_seconds: grace },
        }),
      ) as Promise<KeyWithSecret>,
    onSuccess: (key) => {
      once.done();
      setRotated(key);
      void client.invalidateQueries({ queryKey: ["keys", workspace] });
    },
  });
  // Its answer tells the secret, so it is waited for.
  useShownOnce(rotate.isPending);
  const inGrace = (rotated ?? of).secrets.filter((secret) => secret.purpose === "client" && secret.retires_at).length > 0;
  if (rotated?.secret) {
    return (
      <Dialog
        wide
        open={open}
        held={!stored}
        onOpenChange={(next) => !next && onClose()}
        title={<><bdi>{of.name}</bdi> has a new secret</>}
        description={grace === 0 ? "The old one no longer works." : "The old one works on for a while; the key’s page shows when it is safe to retire."}
        footer={
          <Button look="primary" disabled={!stored} onClick={onClose}>
            Done
          </Button>
        }
      >
        <SecretShown secret={rotated.secret} environment={of.environment} models={of.models} onStored={onStored} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open={open}
      held={rotate.isPending}
      onOpenChange={(next) => !next && onClose()}
      title={<>Rotate the secret of <bdi>{of.name}</bdi></>}
      description="The key stays what it is: its limits, its counters and its history."
      onSubmit={() => rotate.mutate()}
      footer={
        <>
          <Button look="quiet" disabled={rotate.isPending} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={rotate.isPending}>
            Rotate secret
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        {secretLost(rotated) && <SecretLost>It was rotated, but its new secret was lost on the way: rotate it once more.</SecretLost>}
        <Field label="The old secret stops working" hint={grace === 0 ? "Whatever uses it is refused from the next request on." : "Until then both work, and each is counted by itself."}>
          {(field) => (
            <Select {...field} value={grace} onChange={(event) => setGrace(Number(event.target.value))}>
              {GRACES.map((one) => (
                <option key={one.value} value={one.value}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {inGrace && <p className="text-sm text-warning">A secret that is still in grace from an earlier rotation stops working now.</p>}
        {rotate.error && <ProblemNote error={rotate.error} />}
      </div>
    </Dialog>
  );
}
