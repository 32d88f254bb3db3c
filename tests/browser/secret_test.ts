// A secret is on screen once. After its dialog, nothing that a page keeps, shows, asks or is told has it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, type Gateway, test } from "./gateway";
import { PAGES, visit } from "./pages";
import type { Page, Response } from "./playwright";

// Everything that a page could keep a text in.
const keptBy = (page: Page) =>
  page.evaluate(async () => {
    const rows = async (name: string) => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      const all: unknown[] = [];
      for (const store of database.objectStoreNames) {
        all.push(
          await new Promise((resolve, reject) => {
            const reading = database.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(reading.result);
            reading.onerror = () => reject(reading.error);
          }),
        );
      }
      return all;
    };
    const cached: string[] = [];
    for (const name of await window.caches.keys()) {
      const cache = await window.caches.open(name);
      for (const request of await cache.keys()) cached.push(request.url, await (await cache.match(request))!.text());
    }
    const databases: unknown[] = [];
    for (const { name } of await indexedDB.databases()) databases.push(name, await rows(name!));
    // A browser keeps the address of a document that is open, whatever the page does.
    const entries = performance.getEntries().filter(({ entryType }) => entryType !== "navigation").map(({ name }) => name);
    const fields = [...document.querySelectorAll<HTMLInputElement>("input,textarea,select")].map((field) => field.value);
    return JSON.stringify([
      document.documentElement.outerHTML, fields, document.title, document.cookie, location.href, history.state, window.name,
      { ...localStorage }, { ...sessionStorage }, databases, cached, entries,
      navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
    ]);
  });

// All that goes over the wire from now on, as one text.
function networkOf(page: Page) {
  const heard: Promise<string>[] = [];
  const onResponse = (response: Response) => {
    const request = response.request();
    heard.push(
      (async () => {
        // The events' stream has no end: that it tells no secret is test_events.py's to see.
        const endless = response.headers()["content-type"]?.startsWith("text/event-stream");
        const body = endless ? "" : await response.text().catch(() => "");
        return JSON.stringify([request.url(), await request.allHeaders(), request.postData(), await response.allHeaders(), body]);
      })(),
    );
  };
  page.on("response", onResponse);
  return async () => {
    page.off("response", onResponse);
    return (await Promise.all(heard)).join("\n");
  };
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const is = statSync(path);
    return is.isDirectory() ? filesOf(path) : is.isFile() ? [readFileSync(path, "latin1")] : [];
  });

async function nowhereAfter(page: Page, gateway: Gateway, secret: string, where: string) {
  expect(secret).toMatch(/^sk-tg-/);
  const network = networkOf(page);
  const places: [string, string][] = [["the page it was shown on", await keptBy(page)]];
  for (const stop of PAGES) {
    await visit(page, gateway.url, stop);
    places.push([stop.name, await keptBy(page)]);
  }
  await page.goBack();
  places.push(["the page before", await keptBy(page)]);
  await page.goto(`${gateway.url}/keys`);
  await page.locator("[data-row]").first().click();
  await page.getByRole("heading", { name: "Secrets" }).waitFor();
  places.push(["the key’s page", await keptBy(page)]);
  await page.reload();
  await page.getByRole("heading", { name: "Secrets" }).waitFor();
  places.push(["the key’s page, loaded anew", await keptBy(page)]);
  places.push(["what went over the wire", await network()], ["what the gateway said", gateway.output()]);
  for (const text of filesOf(gateway.data)) places.push(["a file", text]);
  expect(places.filter(([, text]) => text.includes(secret)).map(([place]) => `${where}: ${place}`)).toEqual([]);
}

async function shown(page: Page): Promise<string> {
  const secret = await page.getByLabel("The secret", { exact: true }).inputValue();
  // Each snippet has it, as long as the dialog is there.
  for (const language of ["Python", "TypeScript", ".env", "curl"]) {
    await page.getByRole("tab", { name: language, exact: true }).click();
    await expect(page.getByRole("tabpanel")).toContainText(secret);
  }
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  return secret;
}

test("the secret of a key that was created", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await page.goto(`${gateway.url}/keys?create=true`);
  await page.getByLabel("Name", { exact: true }).fill("shown-once");
  await page.getByRole("dialog").getByText("Sandbox", { exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await nowhereAfter(page, gateway, await shown(page), "created");
});

test("the secret of a key that was rotated", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await page.goto(`${gateway.url}/keys?search=shown-once`);
  await page.getByRole("link", { name: "shown-once" }).click();
  await page.getByRole("button", { name: "Rotate secret" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
  await nowhereAfter(page, gateway, await shown(page), "rotated");
});

test("the secret of a profile's key", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await page.goto(`${gateway.url}/profiles`);
  await page.getByRole("button", { name: "Create profile" }).first().click();
  await page.getByRole("dialog").getByLabel("Name").fill("shown-once-too");
  await page.getByRole("dialog").getByRole("button", { name: "Create profile" }).click();
  await nowhereAfter(page, gateway, await shown(page), "of a profile");
});

test("the playground's own secret, once its page is left", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await page.goto(`${gateway.url}/playground`);
  await page.getByLabel("Key", { exact: true }).selectOption({ label: "shown-once" });
  await page.getByLabel("Prompt").fill("Hello");
  const minting = page.waitForResponse((response) => /\/admin\/v1\/keys\/[^/]+\/secrets/.test(response.url()));
  await page.getByRole("button", { name: "Send" }).click();
  const minted = await minting;
  const { secret } = (await minted.json()) as { secret: string };
  await page.getByRole("link", { name: "Route and price" }).waitFor();
  // Not even where it is used: it is in the page's memory, and in the fields of its own requests.
  expect(await keptBy(page)).not.toContain(secret);
  await page.getByRole("link", { name: "Overview" }).first().click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await nowhereAfter(page, gateway, secret, "of the playground");
});

test("the token of the setup's link, and of an invitation's", async ({ page, gateway, browser, operator }) => {
  test.setTimeout(120_000);
  expect(operator).toBe(page);
  await page.goto(`${gateway.url}/members`);
  await page.getByRole("button", { name: "Invite" }).first().click();
  await page.getByLabel("E-mail").fill("reader@example.com");
  await page.getByRole("button", { name: "Make link" }).click();
  const link = await page.getByLabel("The invitation’s link").inputValue();
  await page.getByRole("button", { name: "Done" }).click();
  const token = new URL(link).hash.slice(1);
  expect(token.length).toBeGreaterThan(20);
  expect(await keptBy(page)).not.toContain(token);
  const guest = await (await browser.newContext()).newPage();
  await guest.goto(link);
  await guest.getByLabel("Your name").fill("Reader");
  await expect(guest).toHaveURL(`${gateway.url}/invite`);
  expect(await keptBy(guest)).not.toContain(token);
  await guest.getByLabel("Password").fill("another calm phrase");
  await guest.getByRole("button", { name: "Join" }).click();
  await guest.getByRole("heading", { name: "Overview" }).waitFor();
  expect(await keptBy(guest)).not.toContain(token);
  await guest.context().close();
});
