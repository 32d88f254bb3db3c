// The frame of the pages before somebody is signed in.
import { type ReactNode, useEffect } from "react";

import { Mark } from "@/app/mark";

export function Door({ title, children, note, wide }: { title: string; children: ReactNode; note?: ReactNode; wide?: boolean }) {
  useEffect(() => {
    document.title = `${title} · Tollgate`;
  }, [title]);
  return (
    <main className="flex min-h-dvh items-start justify-center px-4 pt-[12vh] pb-16">
      <div className={wide ? "w-[640px] max-w-full" : "w-[400px] max-w-full"}>
        <div className="mb-7 flex items-center gap-2.5">
          <Mark className="size-7" />
          <span className="font-semibold">Tollgate</span>
        </div>
        <h1 className="text-2xl font-semibold tracking-[-0.02em]">{title}</h1>
        {note && <p className="mt-1.5 break-words text-muted">{note}</p>}
        <div className="mt-7">{children}</div>
      </div>
    </main>
  );
}

// The token of a one-time link stands behind its #, which browsers do not send. It is taken out of the
// address at once, so that neither the history nor a screenshot keeps it.
// A link that was cut within an escape has no token.
export function takeFragment(): string {
  const fragment = location.hash.slice(1);
  if (fragment) history.replaceState(history.state, "", location.pathname + location.search);
  try {
    return decodeURIComponent(fragment);
  } catch {
    return "";
  }
}

export const PASSWORD_MIN = 10;
export function passwordProblem(password: string): string | null {
  if ([...password].length < PASSWORD_MIN) return `At least ${PASSWORD_MIN} characters.`;
  return null;
}
