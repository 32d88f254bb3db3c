import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { Problem, send, setCsrfToken } from "@/api/client";
import type { Session } from "@/api/contract";
import { sessionQuery, signInQuery } from "@/app/session";
import { refusalText } from "@/lib/refusals";
import { safeReturn } from "@/lib/search";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { ProblemNote, RefusalNote } from "@/ui/notice";

import { Door } from "./door";

export function SignInPage() {
  const { next, refused } = useSearch({ from: "/sign-in" });
  const client = useQueryClient();
  const router = useRouter();
  const options = useQuery(signInQuery);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => send<Session>("POST", "/admin/v1/session", { body: { email: email.trim(), password } }),
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      router.history.replace(safeReturn(next));
    },
    onError: () => setPassword(""),
  });
  const oidc = options.data?.oidc;
  const wait = signIn.error instanceof Problem ? signIn.error.retryAfter : null;
  return (
    <Door title="Sign in">
      {refused && <RefusalNote className="mb-5">{refusalText(refused)}</RefusalNote>}
      {oidc && (
        <>
          <a
            href={`${oidc.start}?next=${encodeURIComponent(safeReturn(next))}`}
            className="flex h-10 items-center justify-center rounded-control border bg-panel font-medium hover:bg-hover"
          >
            Continue with {oidc.name}
          </a>
          <p className="my-5 flex items-center gap-3 text-xs text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">or</p>
        </>
      )}
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (email.trim() && password) signIn.mutate();
        }}
      >
        <Field label="E-mail">
          {(ids) => <Input {...ids} type="email" autoComplete="username" autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />}
        </Field>
        <Field label="Password">
          {(ids) => <Input {...ids} type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
        {signIn.error && <ProblemNote error={signIn.error} />}
        {wait !== null && <p className="text-sm text-muted">Try again in {wait} s.</p>}
        <Button type="submit" look="primary" className="w-full" busy={signIn.isPending} disabled={!email.trim() || !password}>
          Sign in
        </Button>
      </form>
    </Door>
  );
}
