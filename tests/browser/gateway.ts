// Gateways for the tests: the real binary on a free port, with an empty data directory;
// and what every test of it begins with.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { base, expect, type Page } from "./playwright";

const BINARY = process.env["TOLLGATE_BINARY"] ?? join(__dirname, "../../build/release/tollgate");
const START_MS = 30_000;

export interface Gateway {
  url: string;
  data: string; // its directory
  setup: string; // the printed one-time link; "" where there is an operator
  output: () => string;
}

export const OPERATOR = { name: "Operator", email: "operator@example.com", password: "four calm words here" };

async function started(child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + START_MS;
  while (!/listening http\S+\n/.test(output())) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the gateway did not start:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// The binary on that directory; stop() ends it in peace.
export async function start(data: string, listen = "127.0.0.1:0"): Promise<Gateway & { stop: () => Promise<void> }> {
  const child = spawn(BINARY, ["serve", "--data", data, "--listen", listen], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece: Buffer) => (text += piece.toString()));
  await started(child, () => text);
  const stop = async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  };
  return { url: /listening (http:\/\/\S+)/.exec(text)![1]!, data, setup: /(http:\S+\/setup#\S+)/.exec(text)?.[1] ?? "", output: () => text, stop };
}

export const newDirectory = () => mkdtempSync(join(tmpdir(), "tollgate-browser-"));
export const removeDirectory = (path: string) => rmSync(path, { recursive: true, force: true });

type Running = Awaited<ReturnType<typeof start>>;

async function end(running: Running | undefined) {
  if (!running) return;
  await running.stop();
  removeDirectory(running.data);
}

export const test = base.extend<{ operator: Page; untouched: Gateway; gateway: Gateway }, { gatewayOf: (file: string) => Promise<Gateway> }>({
  // For one test alone: nobody has opened its link.
  // eslint-disable-next-line no-empty-pattern
  untouched: async ({}, use) => {
    const running = await start(newDirectory());
    await use(running);
    await end(running);
  },
  gatewayOf: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      let of = "";
      let running: Running | undefined;
      await use(async (file) => {
        if (!running || of !== file) {
          await end(running);
          running = await start(newDirectory());
          of = file;
        }
        return running;
      });
      await end(running);
    },
    { scope: "worker" },
  ],
  // Of all tests of one file: no file finds what another made.
  gateway: async ({ gatewayOf }, use, { file }) => use(await gatewayOf(file)),
  // A page that is signed in as the operator, and fails its test on whatever the browser complains of:
  // errors of scripts, what the console says, refusals of the Content-Security-Policy, requests to anywhere else.
  operator: async ({ page, gateway }, use) => {
    const complaints = watched(page, gateway.url);
    await signedIn(page, gateway);
    await use(page);
    expect(complaints).toEqual([]);
  },
});

export function watched(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content.Security.Policy|violates|Trusted/i.test(message.text())) complaints.push(`policy: ${message.text()}`);
    // A refusal of the API stands in the console, too: what a page says of it is its own test's to see.
    else if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith("blob:")) complaints.push(`request to ${url}`);
  });
  return complaints;
}

// The first test makes the operator; the others sign in, without the page: people_test.ts signs in by it.
export async function signedIn(page: Page, gateway: Gateway) {
  const { setup_required } = await (await page.request.get(`${gateway.url}/admin/v1/sign-in`)).json();
  if (setup_required) {
    await page.goto(gateway.setup);
    await page.getByLabel("Your name").fill(OPERATOR.name);
    await page.getByLabel("E-mail").fill(OPERATOR.email);
    await page.getByLabel("Password").fill(OPERATOR.password);
    await page.getByRole("button", { name: "Create operator" }).click();
    await page.getByRole("button", { name: "Use the sandbox" }).waitFor();
  } else {
    const { email, password } = OPERATOR;
    const answer = await page.request.post(`${gateway.url}/admin/v1/session`, { headers: { Origin: gateway.url }, data: { email, password } });
    expect(answer.status()).toBe(200);
  }
  await page.goto(gateway.url);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

// A call as any client would make it.
export async function call(gateway: Gateway, secret: string, model = "sandbox/echo") {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
  });
}

// Makes a sandbox key by the dialog and returns its secret.
export async function createKey(page: Page, gateway: Gateway, name: string): Promise<string> {
  await page.goto(`${gateway.url}/keys?create=true`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("dialog").getByText("Sandbox", { exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const secret = await page.getByLabel("The secret", { exact: true }).inputValue();
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  return secret;
}

export { expect };
