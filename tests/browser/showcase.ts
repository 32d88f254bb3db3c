// A workspace as it looks after some weeks of work, for the pictures: providers that answer (here, on this machine),
// keys of several kinds with limits, and the hours and days before now as aggregates, as they stand when retention has
// taken their rows.
import { spawnSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { admin, made } from "./admin";
import { type Gateway, newDirectory, OPERATOR, removeDirectory, start } from "./gateway";

const HISTORY = join(__dirname, "history.py");

// An OpenAI-compatible provider: an answer of some length, after a while.
function provider(slowness: number): Promise<Server> {
  let count = 0;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(pieces).toString() || "{}") as { model?: string; max_tokens?: number };
      count += 1;
      const turn = count;
      const say = (status: number, document: unknown) => {
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify(document));
      };
      if (request.method === "GET") return say(200, { object: "list", data: [] });
      setTimeout(() => {
        if (turn % 23 === 0) return say(400, { error: { message: "The conversation is too long.", type: "invalid_request_error", code: null, param: null } });
        say(200, {
          id: `chat-${turn}`,
          object: "chat.completion",
          created: 0,
          model: body.model,
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "It is done." } }],
          usage: { prompt_tokens: 600 + ((turn * 37) % 400), completion_tokens: 80 + ((turn * 53) % 240), total_tokens: 1000 },
        });
      }, slowness + ((turn * 29) % slowness));
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const KEYS = [
  { name: "support-bot", icon: "chat", tags: ["support"], models: ["northwind/*", "acme/small"], limits: [{ metric: "cost", window: "day", amount: "12" }, { metric: "concurrency", amount: 8 }] },
  { name: "ci", icon: "flask", environment: "sandbox", tags: ["tests"], limits: [{ metric: "requests", window: "day", amount: 2000 }] },
  { name: "data-pipeline", icon: "workflow", tags: ["batch"], models: ["acme/small"], limits: [{ metric: "tokens", window: "day", amount: 12_000_000 }] },
  { name: "old-prototype", icon: "rocket", enabled: false },
  { name: "reporting", icon: "terminal", type: "management", role: "viewer" },
  { name: "chatbox-personal", icon: "user", models: ["acme/large"], limits: [{ metric: "cost", window: "month", amount: "20" }] },
  { name: "prod-backend", icon: "server", tags: ["shop"], models: ["acme/*"], region: "eu-west", allowed_ips: ["127.0.0.0/8", "10.20.0.0/16"], description: "Answers in the shop: search, summaries of reviews, the size adviser.", limits: [{ metric: "cost", window: "month", amount: "900" }, { metric: "requests", window: "60s", amount: 600 }, { metric: "tokens", window: "day", amount: 30_000_000 }] },
];
const REQUESTS: Record<string, { model: string; count: number }[]> = {
  "support-bot": [{ model: "northwind/chat", count: 22 }, { model: "acme/small", count: 9 }],
  ci: [{ model: "sandbox/echo", count: 12 }],
  "data-pipeline": [{ model: "acme/small", count: 16 }],
  "chatbox-personal": [{ model: "acme/large", count: 4 }],
  "prod-backend": [{ model: "acme/large", count: 26 }, { model: "acme/small", count: 14 }],
};

async function ask(gateway: Gateway, secret: string, model: string) {
  await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model, max_tokens: 400, messages: [{ role: "user", content: "Summarise the reviews of the last week. ".repeat(12) }] }),
  });
}

async function furnish(gateway: Gateway, ports: number[]): Promise<Record<string, string>> {
  const [setUp] = [/#(\S+)/.exec(gateway.setup)![1]];
  const answer = await fetch(`${gateway.url}/admin/v1/setup`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: setUp, ...OPERATOR }) });
  if (answer.status !== 201) throw new Error(await answer.text());
  const [acme, northwind] = ports;
  await made(gateway, "providers", { id: "acme", dialect: "openai", base_url: `http://127.0.0.1:${acme}/v1`, allow_private: true, region: "eu-west", models: [
    { id: "acme/large", upstream_model: "large", context_window: 200_000, max_output_tokens: 16_000, prices: { input: "2.50", cached_input: "1.25", output: "10.00" } },
    { id: "acme/small", upstream_model: "small", context_window: 128_000, max_output_tokens: 8_000, prices: { input: "0.15", cached_input: "0.075", output: "0.60" } },
  ] });
  await made(gateway, "providers", { id: "northwind", dialect: "openai", base_url: `http://127.0.0.1:${northwind}/v1`, allow_private: true, region: "us-east", models: [
    { id: "northwind/chat", upstream_model: "chat", context_window: 64_000, max_output_tokens: 8_000, prices: { input: "0.80", output: "3.20" } },
    { id: "northwind/coder", upstream_model: "coder", context_window: 200_000, max_output_tokens: 32_000, prices: { input: "3.00", output: "15.00" } },
  ] });
  await made(gateway, "workspaces/ws_default/grants", { amount: "2500", note: "invoice 2026-114" });
  await admin(gateway, "PATCH", "workspaces/ws_default", { balance: { mode: "prepaid" } });
  await made(gateway, "profiles", { name: "support", description: "Cheap first, good enough always.", strategy: "cheapest", tier_floor: "LIGHT", cost_cap: "0.05", models: ["acme/*", "northwind/*"] });
  for (const [name, role] of [["Platform", "admin"], ["Support desk", "member"], ["Finance", "viewer"]]) {
    const invited = await made(gateway, "invitations?workspace=ws_default", { email: `${name!.split(" ")[0]!.toLowerCase()}@example.com`, role });
    await fetch(`${gateway.url}/admin/v1/invitations/accept`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: String(invited["link"]).split("#")[1], name, password: OPERATOR.password }) });
  }
  await made(gateway, "invitations?workspace=ws_default", { email: "research@example.com", role: "member" });
  const secrets: Record<string, string> = {};
  for (const { enabled, ...key } of KEYS as (Record<string, unknown> & { name: string; enabled?: boolean })[]) {
    const one = await made(gateway, "keys", key);
    secrets[key.name] = String(one["secret"]);
    if (enabled === false) await admin(gateway, "PATCH", `keys/${String(one["id"])}`, { enabled });
  }
  return secrets;
}

// The last requests of each key, those of all keys mixed as they would come.
async function converse(gateway: Gateway, secrets: Record<string, string>) {
  const waiting = Object.entries(REQUESTS).flatMap(([name, kinds]) => kinds.flatMap(({ model, count }) => Array.from({ length: count }, (_, at) => ({ at: (at + 1) / (count + 1), name, model }))));
  waiting.sort((a, b) => a.at - b.at);
  for (let at = 0; at < waiting.length; at += 4) await Promise.all(waiting.slice(at, at + 4).map(({ name, model }) => ask(gateway, secrets[name]!, model)));
}

export async function showcase(): Promise<{ gateway: Gateway; close: () => Promise<void> }> {
  const servers = [await provider(180), await provider(420)];
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  const data = newDirectory();
  let running = await start(data);
  const secrets = await furnish(running, ports);
  await running.stop();
  const filled = spawnSync("python3", [HISTORY, data], { encoding: "utf8" });
  if (filled.status !== 0) throw new Error(filled.stderr);
  running = await start(data, new URL(running.url).host);
  await converse(running, secrets);
  const close = async () => {
    await running.stop();
    for (const server of servers) server.close();
    removeDirectory(data);
  };
  return { gateway: running, close };
}
