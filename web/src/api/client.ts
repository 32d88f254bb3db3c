// The one way to the gateway: openapi-fetch over the types that `npm run api` makes of api/openapi.yaml,
// the session's CSRF token on every change, and refusals as a Problem.
import createClient from "openapi-fetch";

import { isUnattended } from "@/lib/presence";

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

async function reach(request: Request): Promise<Response> {
  if (csrfToken && !SAFE.has(request.method)) request.headers.set("X-CSRF-Token", csrfToken);
  if (isUnattended()) request.headers.set("X-Tollgate-Unattended", "true");
  try {
    return await fetch(request);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Problem("The gateway cannot be reached. Check that it runs, then try again.", 0, "unreachable", null, null, [], null);
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: reach });

// The answer's document, or the Problem thrown, which is how TanStack Query hears of it.
export async function unwrap<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await answer;
  if (error !== undefined || !response.ok) throw problemOf(response, error);
  return data as T;
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
  const text = await response.text();
  let document: unknown;
  try {
    document = text ? JSON.parse(text) : undefined;
  } catch {
    document = undefined;
  }
  if (!response.ok) throw problemOf(response, document);
  return document as T;
}
