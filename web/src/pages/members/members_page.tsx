// Members: who belongs to the workspace, with which role, and who was invited.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { type ReactNode, useState } from "react";

import { send } from "@/api/client";
import type { Invitation, InvitationWithLink, Member, Page, PasswordResetLink, Role } from "@/api/contract";
import { membersQuery } from "@/api/queries";
import { useAsked } from "@/app/asked";
import { useHere, useSession } from "@/app/session";
import { Once } from "@/lib/once";
import { SecretLost } from "@/pages/keys/secret_lost";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { Cut } from "@/ui/cut";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { Empty, notify, notifyProblem, ProblemNote, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead, Panel } from "@/ui/page";
import { useSettled } from "@/ui/settled";
import { RowBones, Waiting } from "@/ui/skeleton";
import { Tag } from "@/ui/status";
import { Table } from "@/ui/table";
import { Time } from "@/ui/time";

const ROLES: { value: Role; name: string; hint: string }[] = [
  { value: "viewer", name: "Viewer", hint: "Reads everything, changes nothing." },
  { value: "member", name: "Member", hint: "Also creates keys, and manages those." },
  { value: "admin", name: "Admin", hint: "Also all keys, profiles, limits, members and the audit trail." },
];

export function MembersPage() {
  const { workspace, may } = useHere();
  const { person } = useSession();
  const client = useQueryClient();
  const [inviting, setInviting] = useState(false);
  useAsked("invite", () => may("admin") && setInviting(true));
  const [leaving, setLeaving] = useState<Member | null>(null);
  const [resetting, setResetting] = useState<Member | null>(null);
  const members = useQuery(membersQuery(workspace));
  const invitations = useQuery({ queryKey: ["invitations", workspace], queryFn: ({ signal }) => send<Page<Invitation>>("GET", "/admin/v1/invitations", { query: { workspace }, signal }), enabled: may("admin") });
  const again = () => client.invalidateQueries({ queryKey: ["members", workspace] });
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) => send("PATCH", `/admin/v1/members/${id}`, { query: { workspace }, body: { role } }),
    onMutate: async ({ id, role }) => {
      await client.cancelQueries({ queryKey: ["members", workspace] });
      const before = client.getQueryData<Page<Member>>(["members", workspace]);
      client.setQueryData<Page<Member>>(["members", workspace], (page) => page && { ...page, data: page.data.map((one) => (one.id === id ? { ...one, role } : one)) });
      return { before };
    },
    onError: (error, _, context) => {
      client.setQueryData(["members", workspace], context?.before);
      notifyProblem(error);
    },
    onSettled: again,
  });
  const withdraw = useMutation({
    mutationFn: (id: string) => send("DELETE", `/admin/v1/invitations/${id}`, { query: { workspace } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["invitations", workspace] }),
    onError: notifyProblem,
  });
  // Beneath the person on a small screen, at the end of the row elsewhere.
  const actionsOf = (member: Member) =>
    may("admin") &&
    member.id !== person.id && (
      <span className="inline-flex flex-wrap gap-1.5">
        {/* An operator's password is an operator's to reset. */}
        {(may("operator") || !member.operator) && (
          <Button size="small" onClick={() => setResetting(member)}>
            Reset password…
          </Button>
        )}
        <Button size="small" look="warn" onClick={() => setLeaving(member)}>
          Remove
        </Button>
      </span>
    );
  return (
    <>
      <PageHead
        title="Members"
        actions={
          may("admin") && (
            <Button look="primary" icon={<UserPlus aria-hidden className="size-4" />} onClick={() => setInviting(true)}>
              Invite
            </Button>
          )
        }
      />
      <div className="space-y-4">
        <ReadProblem of={members} />
        {members.isPending && (
          <Waiting label="Loading members">
            <Panel flush>
              <RowBones rows={3} widths={["w-44", "w-24", "w-16"]} />
            </Panel>
          </Waiting>
        )}
        {members.data && members.data.data.length === 0 && (
          <Panel>
            <Empty title="No member yet" shape={<RowShapes rows={2} />} action={may("admin") && <Button onClick={() => setInviting(true)}>Invite</Button>}>
              {may("operator") ? "Operators see every workspace without being its members. Whoever is invited sees this one." : "Whoever is invited sees this workspace."}
            </Empty>
          </Panel>
        )}
        {members.data && members.data.data.length > 0 && (
          <Panel flush>
            <Table<Member>
              label="Members"
              rows={members.data.data}
              keyOf={(member) => member.id}
              columns={[
                {
                  name: "Person",
                  cell: (member) => (
                    <span className="flex max-w-80 flex-col py-1.5 max-sm:max-w-40">
                      <span className="flex min-w-0 items-center gap-1.5">
                        <Cut text={member.name || member.email} className="font-medium" />
                        {member.id === person.id && <Tag>you</Tag>}
                      </span>
                      <Cut text={member.email} className="text-xs text-muted" />
                      <span className="mt-1.5 empty:hidden sm:hidden">{actionsOf(member)}</span>
                    </span>
                  ),
                },
                {
                  name: "Role",
                  cell: (member) =>
                    may("admin") && member.id !== person.id ? (
                      <Select aria-label={`Role of ${member.name || member.email}`} className="w-32 max-sm:w-26" value={member.role} onChange={(event) => change.mutate({ id: member.id, role: event.target.value as Role })}>
                        {ROLES.map((role) => (
                          <option key={role.value} value={role.value}>
                            {role.name}
                          </option>
                        ))}
                      </Select>
                    ) : (
                      ROLES.find((role) => role.value === member.role)?.name
                    ),
                },
                { name: "Since", wide: true, cell: (member) => <Time at={member.since} className="whitespace-nowrap text-muted" /> },
                {
                  name: "Actions",
                  hideName: true,
                  className: "text-right",
                  wide: true,
                  cell: actionsOf,
                },
              ]}
            />
          </Panel>
        )}
        {(invitations.data?.data.length ?? 0) > 0 && (
          <Panel title="Invited" flush>
            <Table<Invitation>
              label="Invitations"
              rows={invitations.data!.data}
              keyOf={(invitation) => invitation.id}
              columns={[
                {
                  name: "E-mail",
                  cell: (invitation) => (
                    <span className="block max-w-80 max-sm:max-w-36">
                      <Cut text={invitation.email} />
                      <span className="text-xs text-muted sm:hidden">{ROLES.find((role) => role.value === invitation.role)?.name}</span>
                    </span>
                  ),
                },
                { name: "Role", wide: true, cell: (invitation) => ROLES.find((role) => role.value === invitation.role)?.name },
                { name: "Ends", cell: (invitation) => <Time at={invitation.expires_at} className="whitespace-nowrap text-muted" /> },
                {
                  name: "Actions",
                  hideName: true,
                  className: "text-right",
                  cell: (invitation) => (
                    <Button size="small" look="quiet" busy={withdraw.isPending && withdraw.variables === invitation.id} onClick={() => withdraw.mutate(invitation.id)}>
                      Withdraw
                    </Button>
                  ),
                },
              ]}
            />
          </Panel>
        )}
      </div>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
      {resetting && <ResetDialog of={resetting} onClose={() => setResetting(null)} />}
      {leaving && (
        <RemoveDialog
          of={leaving}
          onClose={() => {
            setLeaving(null);
            void again();
          }}
        />
      )}
    </>
  );
}

function InviteDialog({ onClose }: { onClose: () => void }) {
  const { workspace } = useHere();
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const [once] = useState(() => new Once());
  const invite = useMutation({
    mutationFn: () => {
      const body = { email: email.trim(), role };
      return send<InvitationWithLink>("POST", "/admin/v1/invitations", { query: { workspace }, headers: { "Idempotency-Key": once.ask({ workspace, body }).key }, body });
    },
    onSuccess: () => {
      once.done();
      return client.invalidateQueries({ queryKey: ["invitations", workspace] });
    },
  });
  const link = invite.data?.link && new URL(invite.data.link, location.origin).href;
  if (link) {
    return <LinkShown title={<>Send this link to <bdi>{email}</bdi></>} note="It works once. It is not shown again." label="The invitation’s link" link={link} onClose={onClose} />;
  }
  const ready = /.@./.test(email);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      held={invite.isPending}
      title="Invite"
      description="You get a link to send; Tollgate sends no mail."
      onSubmit={() => ready && invite.mutate()}
      footer={
        <>
          <Button look="quiet" disabled={invite.isPending} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={!ready} busy={invite.isPending}>
            Make link
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Field label="E-mail">{(field) => <Input {...field} type="email" autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
        <Field label="Role" hint={ROLES.find((one) => one.value === role)?.hint}>
          {(field) => (
            <Select {...field} value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {ROLES.map((one) => (
                <option key={one.value} value={one.value}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {invite.error && <ProblemNote error={invite.error} />}
        {invite.data && !link && <SecretLost>The invitation was made, but its link was lost on the way. Make the link again: the lost one ends with it.</SecretLost>}
      </div>
    </Dialog>
  );
}

function LinkShown({ title, note, label, link, onClose }: { title: ReactNode; note: string; label: string; link: string; onClose: () => void }) {
  const settled = useSettled();
  return (
    <Dialog
      open
      held={!settled}
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={note}
      footer={
        <Button look="primary" disabled={!settled} onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="flex gap-2">
        <Input readOnly autoFocus aria-label={label} className="font-mono" value={link} onFocus={(event) => event.target.select()} />
        <CopyButton look="primary" text={link} label="Copy" />
      </div>
    </Dialog>
  );
}

// Tollgate sends no mail: the link goes by hand.
function ResetDialog({ of, onClose }: { of: Member; onClose: () => void }) {
  const { workspace } = useHere();
  const name = of.name || of.email;
  const make = useMutation({ mutationFn: () => send<PasswordResetLink>("POST", `/admin/v1/members/${of.id}/password-reset`, { query: { workspace } }) });
  const link = make.data && new URL(make.data.link, location.origin).href;
  if (link) {
    return <LinkShown title={<>Send this link to <bdi>{name}</bdi></>} note="It works once, for an hour. It is not shown again." label="The link to a new password" link={link} onClose={onClose} />;
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<>Reset the password of <bdi>{name}</bdi></>}
      description="You get a link to send. Their present password goes on working until they use it; then they are signed out everywhere."
      held={make.isPending}
      onSubmit={() => make.mutate()}
      footer={
        <>
          <Button look="quiet" disabled={make.isPending} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={make.isPending}>
            Make link
          </Button>
        </>
      }
    >
      {make.error ? <ProblemNote error={make.error} /> : <p className="text-sm text-muted">{of.email}</p>}
    </Dialog>
  );
}

function RemoveDialog({ of, onClose }: { of: Member; onClose: () => void }) {
  const { workspace } = useHere();
  const name = of.name || of.email;
  const remove = useMutation({
    mutationFn: () => send("DELETE", `/admin/v1/members/${of.id}`, { query: { workspace } }),
    onSuccess: () => {
      notify(<><bdi>{name}</bdi> is removed.</>);
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<>Remove <bdi>{name}</bdi></>}
      description="They lose access at once. The keys that they made go on working."
      onSubmit={() => remove.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="danger" busy={remove.isPending}>
            Remove member
          </Button>
        </>
      }
    >
      {remove.error ? <ProblemNote error={remove.error} /> : <p className="text-sm break-words text-muted"><bdi>{of.email}</bdi></p>}
    </Dialog>
  );
}
