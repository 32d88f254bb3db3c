// A new password, by the link that somebody with the right to made.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { send, setCsrfToken } from "@/api/client";
import type { Session } from "@/api/contract";
import { sessionQuery } from "@/app/session";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { ProblemNote } from "@/ui/notice";

import { Door, passwordProblem, takeFragment } from "./door";

export function ResetPage() {
  const [token] = useState(takeFragment);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const reset = useMutation({
    mutationFn: () => send<Session>("POST", "/admin/v1/password-reset", { body: { token, password } }),
    onSuccess: async (session) => {
      setCsrfToken(session.csrf_token);
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: "/" });
    },
  });
  if (!token) {
    return (
      <Door title="This link is not whole" note="It ends with # and a long code. Copy the whole of it, or ask for a new one.">
        <Link to="/sign-in" className="text-accent underline underline-offset-4">
          Sign in instead
        </Link>
      </Door>
    );
  }
  return (
    <Door title="Choose a new password" note="You are signed out everywhere else, and sign-in with a provider has to be linked again.">
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!passwordProblem(password)) reset.mutate();
        }}
      >
        <Field label="New password" hint="At least 10 characters." problem={tried ? passwordProblem(password) : null}>
          {(field) => <Input {...field} autoFocus type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
        {reset.error && (
          <>
            <ProblemNote error={reset.error} />
            <Link to="/sign-in" className="inline-block text-accent underline underline-offset-4">
              Sign in instead
            </Link>
          </>
        )}
        <Button type="submit" look="primary" className="w-full" busy={reset.isPending}>
          Set password
        </Button>
      </form>
    </Door>
  );
}
