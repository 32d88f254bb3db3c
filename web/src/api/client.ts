// The one way to the gateway: openapi-fetch over the types that `npm run api` makes of api/openapi.yaml,
// the session's CSRF token on every change, and refusals as a Problem.
import createClient from "openapi-fetch";

import { heardDate } from "@/lib/clock";
import { isUnattended } from "@/lib/presence";

import { heardFrom } from "./reachable";
import type { paths } from "./schema";

let csrfToken: string | null = null;
export const setCsrfToken = (token: string | null) => {
  csrfToken = token;
};

// A refusal, as SPEC §4's envelope says it; status 0 when no answer came at all.
export class Problem extends Error {
  override name = "Problem";
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly requestId: string | null,
    readonly param: string | null,
    readonly problems: { param: string; message: string }[],
    readonly retryAfter: number | null,
  ) {
    super(message);
  }
}

interface Envelope {
  error?: {
    message?: string;
    code?: string;
    request_id?: string;
    param?: string | null;
    details?: { problems?: { param: string; message: string }[] } | null;
  };
}

function problemOf(response: Response, body: unknown): Problem {
  const error = (body as Envelope | undefined)?.error;
  const retry = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Problem(
    error?.message ?? `The gateway answered ${response.status} without saying why. Try again.`,
    response.status,
    error?.code ?? "unknown",
    error?.request_id ?? response.headers.get("X-Request-Id"),
    error?.param ?? null,
    error?.details?.problems ?? [],
    Number.isFinite(retry) ? retry : null,
  );
}

const SAFE = new Set(["GET", "HEAD"]);
// Whatever is asked here is answered in less; what hangs for longer never comes.
const PATIENCE_MS = 120_000;

const none = (status: number, code: string, message: string) => new Problem(message, status, code, null, null, [], null);

// What went wrong where no answer of the gateway's came, or not all of it. What is no document is told as such and not as
// a mistake of the page: something in between may have put words of its own in the answer's place.
function lost(cause: unknown): unknown {
  if (cause instanceof Problem || (cause instanceof DOMException && cause.name === "AbortError")) return cause;
  if (cause instanceof SyntaxError) return none(200, "unreadable", "The answer is not one of the gateway’s: something between it and this page may have changed it. Try again.");
  heardFrom("nobody");
  if (cause instanceof DOMException && cause.name === "TimeoutError") return none(0, "slow", "The gateway takes too long to answer. Whether it did what was asked is not known: look before you try again.");
  return none(0, "unreachable", "The gateway cannot be reached. Check that it runs, then try again.");
}

async function reach(request: Request): Promise<Response> {
  if (csrfToken && !SAFE.has(request.method)) request.headers.set("X-CSRF-Token", csrfToken);
  if (isUnattended()) request.headers.set("X-Tollgate-Unattended", "true");
  const asked = Date.now();
  try {
    const answer = await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]) });
    heardDate(answer.headers.get("Date"), asked, Date.now());
    // A proxy whose gateway is gone says so in its own name.
    heardFrom(answer.status >= 502 && !answer.headers.has("X-Request-Id") ? "nobody" : "gateway");
    return answer;
  } catch (cause) {
    throw lost(cause);
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: reach });

// The answer's document, or the Problem thrown, which is how TanStack Query hears of it.
export async function unwrap<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await answer.catch((cause: unknown) => {
    throw lost(cause);
  });
  if (error !== undefined || !response.ok) throw problemOf(response, error);
  if (data === undefined) throw lost(new SyntaxError("empty"));
  return data;
}

export interface Sent {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

// For routes whose shapes stand in contract.ts.
export async function send<T>(method: string, path: string, sent: Sent = {}): Promise<T> {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(sent.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const response = await reach(
    new Request(url, {
      method,
      headers: { ...(sent.body === undefined ? {} : { "Content-Type": "application/json" }), ...sent.headers },
      body: sent.body === undefined ? null : JSON.stringify(sent.body),
      signal: sent.signal ?? null,
    }),
  );
  let document: unknown;
  try {
    document = JSON.parse(await response.text());
  } catch (cause) {
    if (response.ok) throw lost(cause);
  }
  if (!response.ok) throw problemOf(response, document);
  return document as T;
}
