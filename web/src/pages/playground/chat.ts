// One call of the playground: the same request that anyone's code would make, with the page's own
// short-lived secret. Nothing of it is kept but in the page's memory.
export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface CallSettings {
  temperature: string; // "" = the model's own
  max_tokens: string;
  system: string;
}

export interface Answer {
  text: string;
  reasoning: string;
  model: string | null;
  provider: string | null;
  region: string | null;
  generation: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cost: string | null;
  first_token_ms: number | null;
  latency_ms: number;
}

export const EMPTY_ANSWER: Answer = {
  text: "",
  reasoning: "",
  model: null,
  provider: null,
  region: null,
  generation: null,
  input_tokens: null,
  output_tokens: null,
  cost: null,
  first_token_ms: null,
  latency_ms: 0,
};

export function chatBody(model: string, messages: ChatMessage[], settings: CallSettings) {
  const system = settings.system.trim();
  return {
    model,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...messages],
    ...(settings.temperature === "" ? {} : { temperature: Number(settings.temperature) }),
    ...(settings.max_tokens === "" ? {} : { max_tokens: Number(settings.max_tokens) }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

// Server-sent events out of pieces that end anywhere: gives the data of whole events, keeps the rest.
export function eventReader() {
  let rest = "";
  return (piece: string): string[] => {
    rest += piece;
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop() ?? "";
    return events.flatMap((event) => {
      const data = event
        .split(/\r?\n/)
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).replace(/^ /, ""));
      return data.length ? [data.join("\n")] : [];
    });
  };
}

interface Chunk {
  model?: string;
  choices?: { delta?: { content?: string | null; reasoning_content?: string | null } }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; cost?: string | number } | null;
  error?: { message?: string; request_id?: string };
}

// What a chunk adds to the answer. A stream tells its cost in the usage chunk.
export function withChunk(answer: Answer, chunk: Chunk, elapsed_ms: number): Answer {
  const delta = chunk.choices?.[0]?.delta;
  const next: Answer = { ...answer, latency_ms: elapsed_ms, model: chunk.model ?? answer.model };
  if (delta?.content || delta?.reasoning_content) next.first_token_ms ??= elapsed_ms;
  next.text += delta?.content ?? "";
  next.reasoning += delta?.reasoning_content ?? "";
  if (chunk.usage) {
    next.input_tokens = chunk.usage.prompt_tokens ?? null;
    next.output_tokens = chunk.usage.completion_tokens ?? null;
    const cost = chunk.usage.cost;
    if (typeof cost === "string" || typeof cost === "number") next.cost = String(cost);
  }
  return next;
}

function chunkOf(data: string): Chunk | null {
  try {
    return JSON.parse(data) as Chunk | null;
  } catch {
    return null;
  }
}

export class CallRefused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

export async function call(secret: string, body: object, tell: (answer: Answer) => void, signal: AbortSignal): Promise<Answer> {
  const began = performance.now();
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
    body: JSON.stringify(body),
    credentials: "omit",
    signal,
  });
  const header = (name: string) => response.headers.get(name);
  if (!response.ok || !response.body) {
    const problem = (await response.json().catch(() => null)) as { error?: { message?: string; request_id?: string } } | null;
    throw new CallRefused(problem?.error?.message ?? `The gateway answered ${response.status}.`, response.status, problem?.error?.request_id ?? header("X-Request-Id"));
  }
  let answer: Answer = {
    ...EMPTY_ANSWER,
    model: header("X-Tollgate-Model"),
    provider: header("X-Tollgate-Provider"),
    region: header("X-Tollgate-Region"),
    generation: header("X-Tollgate-Generation-Id"),
    cost: header("X-Tollgate-Cost"),
  };
  const read = eventReader();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let ended = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (const data of read(decoder.decode(value, { stream: true }))) {
      if (data === "[DONE]") {
        ended = true;
        continue;
      }
      const chunk = chunkOf(data);
      if (!chunk) throw new CallRefused("The stream carried what is no event of the gateway’s: something between it and this page may have changed it.", 200, header("X-Request-Id"));
      if (chunk.error) throw new CallRefused(chunk.error.message ?? "The stream ended with an error.", 200, chunk.error.request_id ?? header("X-Request-Id"));
      answer = withChunk(answer, chunk, performance.now() - began);
    }
    tell(answer);
  }
  if (!ended) throw new CallRefused("The stream was cut before its end.", 200, header("X-Request-Id"));
  return { ...answer, latency_ms: performance.now() - began };
}
