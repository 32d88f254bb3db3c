import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { send, setCsrfToken } from "@/api/client";
import type { InvitationView, Session } from "@/api/contract";
import { sessionQuery, signInQuery } from "@/app/session";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { ProblemNote } from "@/ui/notice";
import { Bone, Waiting } from "@/ui/skeleton";

import { Door, passwordProblem, takeFragment } from "./door";

export function InvitePage() {
  const [token] = useState(takeFragment);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const found = useQuery({
    queryKey: ["invitation"],
    queryFn: ({ signal }) => send<InvitationView>("GET", "/admin/v1/invitations/lookup", { headers: { "X-Invitation": token }, signal }),
    enabled: token !== "",
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const oidc = useQuery(signInQuery).data?.oidc;
  const accept = useMutation({
    mutationFn: () => send<Session>("POST", "/admin/v1/invitations/accept", { body: { token, password, ...(found.data?.has_account ? {} : { name: name.trim() }) } }),
    onSuccess: async (session) => {
      setCsrfToken(session.csrf_token);
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: "/" });
    },
  });
  if (!token) {
    return (
      <Door title="This link is not whole" note="An invitation's link ends with # and a long code. Copy the whole of it, or ask for a new one.">
        <Link to="/sign-in" className="text-accent underline underline-offset-4">
          Sign in instead
        </Link>
      </Door>
    );
  }
  const known = found.data?.has_account === true;
  const problem = tried ? passwordProblem(password) : null;
  return (
    <Door title="Join" note={found.data && <>You were invited to <bdi>{found.data.workspace}</bdi> as {found.data.role}.</>}>
      {found.error && (
        <>
          <ProblemNote error={found.error} />
          <Link to="/sign-in" className="mt-5 inline-block text-accent underline underline-offset-4">
            Sign in instead
          </Link>
        </>
      )}
      {found.isPending && (
        <Waiting label="Looking up the invitation">
          <Bone className="h-9 w-full" />
        </Waiting>
      )}
      {found.data && (
        <form
          noValidate
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            if ((known || name.trim()) && !passwordProblem(password)) accept.mutate();
          }}
        >
          <Field label="E-mail">{(ids) => <Input {...ids} value={found.data.email} autoComplete="username" readOnly />}</Field>
          {!known && <Field label="Your name" problem={tried && !name.trim() ? "Say how others see you." : null}>
            {(ids) => <Input {...ids} autoComplete="name" autoFocus value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>}
          <Field label={known ? "Your password here" : "Password"} hint={known ? "You have an account already: this adds the workspace to it." : "At least 10 characters."} problem={problem}>
            {(ids) => <Input {...ids} type="password" autoComplete={known ? "current-password" : "new-password"} value={password} onChange={(event) => setPassword(event.target.value)} />}
          </Field>
          {accept.error && <ProblemNote error={accept.error} />}
          <Button type="submit" look="primary" className="w-full" busy={accept.isPending}>
            Join
          </Button>
          {oidc && !known && (
            <a href={oidc.start} className="flex h-10 items-center justify-center rounded-control border bg-panel font-medium hover:bg-hover">
              Continue with {oidc.name}
            </a>
          )}
        </form>
      )}
    </Door>
  );
}
