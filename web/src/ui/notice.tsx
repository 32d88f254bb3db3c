// What happened, what to do, and the request id to send to whoever can look it up.
import { AlertTriangle } from "lucide-react";
import { type ReactNode, useSyncExternalStore } from "react";

import { Problem } from "@/api/client";

import { Button } from "./button";
import { CopyButton } from "./copy";
import { cx } from "./cx";

export const messageOf = (error: unknown): string =>
  error instanceof Problem
    ? [error.message, ...error.problems.map((p) => p.message).filter((m) => !error.message.includes(m))].join(" ")
    : "The page made a mistake of its own. Reload it.";

export function ProblemNote({ error, retry, className }: { error: unknown; retry?: () => void; className?: string }) {
  const id = error instanceof Problem ? error.requestId : null;
  return (
    <div role="alert" className={cx("flex items-start gap-3 rounded-panel border border-bad/40 bg-bad-soft px-4 py-3 text-sm", className)}>
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="break-words"><bdi>{messageOf(error)}</bdi></p>
        {id && <RequestId id={id} />}
      </div>
      {retry && (
        <Button size="small" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

// What whoever looks after the gateway finds the request by.
export const RequestId = ({ id }: { id: string }) => (
  <p className="mt-1 flex min-w-0 items-center gap-1 text-xs text-muted">
    Request <code className="min-w-0 truncate font-mono text-xs">{id}</code>
    <CopyButton bare look="quiet" text={id} label="Copy the request id" />
  </p>
);

// Why something could not be read. While the gateway does not answer the frame says so once for all of the page, and what
// was read before stays.
export function ReadProblem({ of, className }: { of: { error: unknown; data: unknown; refetch: () => unknown }; className?: string }) {
  if (!of.error || (of.data !== undefined && of.error instanceof Problem && of.error.status === 0)) return null;
  return <ProblemNote error={of.error} retry={() => void of.refetch()} className={className} />;
}

// What went wrong elsewhere, in words of ours.
export function RefusalNote({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div role="alert" className={cx("flex items-start gap-3 rounded-panel border border-bad/40 bg-bad-soft px-4 py-3 text-sm", className)}>
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <p className="min-w-0 flex-1 break-words">{children}</p>
    </div>
  );
}

interface Notice {
  id: number;
  text: ReactNode;
  error?: unknown;
}

let notices: Notice[] = [];
let count = 0;
const listeners = new Set<() => void>();
const change = (next: Notice[]) => {
  notices = next;
  for (const tell of listeners) tell();
};

// Says something that needs no answer; refusals stay longer, because they are to be read.
export function notify(text: ReactNode, error?: unknown) {
  const notice = { id: ++count, text, error };
  change([...notices.slice(-2), notice]);
  setTimeout(() => change(notices.filter(({ id }) => id !== notice.id)), error ? 10_000 : 4_000);
}
export const notifyProblem = (error: unknown) => notify(messageOf(error), error);

export function Notices() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notices,
  );
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed right-4 bottom-20 z-[60] flex w-96 max-w-[calc(100vw-32px)] flex-col gap-2 sm:bottom-4">
      {shown.map((notice) =>
        notice.error ? (
          <div key={notice.id} className="pointer-events-auto animate-rise rounded-panel bg-panel shadow-float">
            <ProblemNote error={notice.error} />
          </div>
        ) : (
          <p key={notice.id} className="pointer-events-auto animate-rise rounded-panel bg-panel px-4 py-3 text-sm break-words shadow-float">
            {notice.text}
          </p>
        ),
      )}
    </div>
  );
}

export function Empty({ title, children, action, shape }: { title: string; children?: ReactNode; action?: ReactNode; shape?: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      {shape && (
        <div aria-hidden className="mb-6 w-full max-w-md opacity-70">
          {shape}
        </div>
      )}
      <h2 className="text-lg font-semibold">{title}</h2>
      {children && <p className="mt-1 max-w-md text-muted">{children}</p>}
      {action && <div className="mt-5 flex gap-2">{action}</div>}
    </div>
  );
}

// Outlines of rows, for what is not there yet.
export const RowShapes = ({ rows = 3 }: { rows?: number }) => (
  <div className="space-y-2">
    {Array.from({ length: rows }, (_, row) => (
      <div key={row} className="flex items-center gap-3 rounded-panel border border-dashed border-edge/60 px-4 py-3">
        <span className="size-6 rounded border border-dashed border-edge/60" />
        <span className="h-2 w-24 rounded-full bg-line" />
        <span className="ml-auto h-2 w-32 rounded-full bg-line" />
      </div>
    ))}
  </div>
);
