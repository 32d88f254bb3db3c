// Strings that break pages, as the names, descriptions, tags, notes and user agents of everything there is: each is shown
// to the letter, none does anything, no page falls apart, and what turns the direction of writing turns itself alone.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { admin, made } from "./admin";
import { call, expect, type Gateway, test } from "./gateway";
import { overflow, PAGES, settled, visit } from "./pages";
import type { Page } from "./playwright";

const KINDS = JSON.parse(readFileSync(join(__dirname, "../data/naughty_strings.json"), "utf8")) as Record<string, string[]>;
const FULL = process.env["TOLLGATE_SOAK_SCALE"] === "full";
// All of them in `script/soak naughty`, each nth otherwise.
const some = (texts: string[], nth: number) => texts.filter((_, at) => FULL || at % nth === 0);
// Those that a page could take for something: for what takes longer to make than a key.
const SHARP = some([...KINDS["markup and scripts"]!, ...KINDS["directions of writing"]!, ...KINDS["lengths"]!, ...KINDS["SQL and other queries"]!.slice(0, 8), "Z\u0351\u036b\u0343\u036a\u0302\u0352".repeat(8), "constructor", "__proto__", "[object Object]"], 4);
const STRINGS = [...new Set([...SHARP, ...some(Object.values(KINDS).flat(), 5)])];
const WIDTHS = [1440, 360];

interface World {
  keys: string[];
  agents: string[];
  profiles: string[];
  workspaces: string[];
  notes: string[];
  models: string[];
}

const taken = async (gateway: Gateway, path: string, texts: string[], body: (text: string) => unknown) => {
  const kept: string[] = [];
  for (const text of texts) {
    const { status } = await admin(gateway, "POST", path, body(text));
    expect([201, 400, 409, 422]).toContain(status);
    if (status === 201) kept.push(text);
  }
  return kept;
};

// One of each for each string that it takes; what it does not take, another test sees refused.
async function populated(gateway: Gateway): Promise<World> {
  // A profile's key has its name: these are no other key's.
  const profiles = await taken(gateway, "profiles", SHARP.filter((_, at) => at % 2 === 0), (name) => ({ name, environment: "sandbox", description: name }));
  const keys = await taken(gateway, "keys", STRINGS, (name) => ({ name, environment: "sandbox", description: name, tags: name && name.length <= 64 ? [name] : [] }));
  const workspaces = await taken(gateway, "workspaces", SHARP, (name) => ({ name }));
  const notes = await taken(gateway, "workspaces/ws_default/grants", STRINGS, (note) => ({ amount: "0.01", note }));
  await made(gateway, "providers", { id: "naughty", dialect: "openai", base_url: "http://127.0.0.1:9/v1", allow_private: true, models: SHARP.map((_, at) => ({ id: `naughty/${at}`, upstream_model: `m${at}`, prices: { input: "1", output: "1" } })) });
  const models: string[] = [];
  for (const [at, name] of SHARP.entries()) {
    const { status } = await admin(gateway, "PATCH", `models/naughty%2F${at}`, { name });
    if (status === 200) models.push(name);
  }
  return { keys, agents: [], profiles, workspaces, notes, models };
}

// What is on the page: every text of an element that has no other in it.
const missingFrom = (page: Page, wanted: string[]) =>
  page.evaluate((texts) => {
    const shown = new Set<string>();
    for (const element of document.querySelectorAll("main *, [role=dialog] *, [role=menu] *")) {
      if (element.childElementCount === 0) shown.add(element.textContent ?? "");
      else if (element.firstElementChild?.tagName !== "BDI") for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) shown.add(node.textContent ?? "");
    }
    return texts.filter((text) => !shown.has(text));
  }, wanted);

// Nothing came into the page that its own code did not put there, and nothing leaks its direction.
async function inert(page: Page, where: string) {
  const found = await page.evaluate(() => {
    const wrong: string[] = [];
    if ("naughty_ran" in window) wrong.push("a script ran");
    for (const element of document.querySelectorAll("*")) {
      const name = element.tagName.toLowerCase();
      if (["img", "iframe", "object", "embed", "base", "video", "marquee", "plaintext", "xmp", "template", "math", "animate", "b", "center"].includes(name)) wrong.push(`<${name}>`);
      for (const attribute of element.attributes) {
        if (attribute.name.startsWith("on")) wrong.push(`${name} ${attribute.name}`);
        if (["href", "src", "action"].includes(attribute.name) && /^\s*(javascript|data|vbscript):/i.test(attribute.value) && name !== "link") wrong.push(`${name} ${attribute.name}=${attribute.value}`);
      }
    }
    const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (turning.test(node.textContent ?? "") && !node.parentElement?.closest("bdi,[dir=auto],option,textarea,code,script,style")) {
        wrong.push(`not apart: ${JSON.stringify(node.textContent?.slice(0, 60))} in ${node.parentElement?.outerHTML.slice(0, 120)}`);
      }
    }
    return wrong.slice(0, 5);
  });
  expect.soft(found, where).toEqual([]);
  expect.soft(await overflow(page), `${where} is wider than the screen`).toBeLessThanOrEqual(0);
}

async function dialogFits(page: Page, where: string, as: "dialog" | "form" = "dialog") {
  const opened = page.getByRole(as);
  await opened.waitFor();
  await inert(page, where);
  const wide = await opened.evaluate((element) => {
    const box = element.getBoundingClientRect();
    return Math.max(element.scrollWidth - element.clientWidth, -box.left, box.right - innerWidth);
  });
  expect.soft(wide, `${where} is wider than its room`).toBeLessThanOrEqual(1);
}

let world: World;

test.describe.configure({ mode: "serial" });

test("everything that takes a naughty string has one", async ({ operator: page, gateway }) => {
  test.setTimeout(300_000);
  world = await populated(gateway);
  for (const [at, name] of SHARP.slice(0, 24).entries()) {
    const invited = await made(gateway, "invitations?workspace=ws_default", { email: `guest${at}@example.com`, role: "viewer" });
    const token = String(invited["link"]).split("#")[1];
    const joined = await page.request.post(`${gateway.url}/admin/v1/invitations/accept`, { headers: { Origin: gateway.url }, data: { token, name, password: "four calm words here" } });
    expect([200, 422]).toContain(joined.status());
  }
  // Rows of usage, by keys of these names, from clients of these names.
  const page1 = (await admin(gateway, "GET", "keys?limit=1000&environment=sandbox")).body["data"] as { id: string; name: string }[];
  const busy = page1.filter(({ name }) => SHARP.includes(name)).slice(0, 80);
  for (const [at, key] of busy.entries()) {
    const { body } = await admin(gateway, "POST", `keys/${key.id}/rotate`, {});
    const agent = SHARP[at]!;
    const legal = /^[\x20-\x7e]+$/.test(agent) && agent.length < 500;
    const answer = legal
      ? await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${String(body["secret"])}`, "User-Agent": agent }, body: JSON.stringify({ model: "sandbox/echo", messages: [{ role: "user", content: agent }] }) })
      : await call(gateway, String(body["secret"]));
    expect(answer.status).toBe(200);
    if (legal) world.agents.push(agent);
  }
  console.log(`note: ${STRINGS.length} strings; ${world.keys.length} keys, ${world.profiles.length} profiles, ${world.workspaces.length} workspaces, ${world.notes.length} notes, ${world.models.length} models, ${world.agents.length} clients`);
  expect(world.keys.length).toBeGreaterThan(STRINGS.length / 2);
  expect(world.notes.length).toBeGreaterThan(STRINGS.length / 2);
  expect(world.profiles.length).toBeGreaterThan(SHARP.length / 3);
});

for (const width of WIDTHS) {
  test(`no page does anything with them, ${width} px wide`, async ({ operator: page, gateway }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height: 900 });
    for (const stop of PAGES) {
      await visit(page, gateway.url, stop);
      await inert(page, stop.name);
    }
  });
}

test("every key's name is in the list, to the letter", async ({ operator: page, gateway }) => {
  test.setTimeout(180_000);
  await visit(page, gateway.url, PAGES.find(({ name }) => name === "keys")!);
  const rows = page.locator("[data-row]");
  const seen = new Set<string>();
  // The list is drawn as far as it is seen; the end of it is the oldest key.
  await expect
    .poll(
      async () => {
        for (const name of await rows.allTextContents()) seen.add(name);
        await page.evaluate(() => window.scrollBy(0, 1000));
        return world.keys.filter((name) => !seen.has(name)).length;
      },
      { timeout: 150_000, intervals: [50] },
    )
    .toBe(0);
  await inert(page, "keys, at the end");
});

test("a search for each of the sharp ones finds it, and leads to its page", async ({ operator: page, gateway }) => {
  test.setTimeout(300_000);
  for (const [at, name] of world.keys.filter((one) => SHARP.includes(one)).entries()) {
    if (at % 3 !== 0) continue;
    await page.setViewportSize({ width: WIDTHS[at % 2]!, height: 900 });
    const list = (await admin(gateway, "GET", `keys?name=${encodeURIComponent(name)}`)).body["data"] as { id: string }[];
    await page.goto(`${gateway.url}/keys/${list[0]!.id}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(page);
    // As the title and, where it is one line, as the description and a tag.
    expect.soft(await missingFrom(page, [name]), "key").toEqual([]);
    expect.soft(await page.getByRole("heading", { level: 1 }).textContent()).toBe(name);
    await inert(page, `the page of ${JSON.stringify(name.slice(0, 60))}`);
    if (at % 9 !== 0) continue;
    for (const [opener, opens] of [["Edit details", "form"], ["Edit limits", "form"], ["Edit policy", "form"], ["Rotate secret", "dialog"], ["Revoke key", "dialog"]] as const) {
      await page.getByRole("button", { name: opener, exact: true }).click();
      await dialogFits(page, `${opener} ${JSON.stringify(name.slice(0, 60))}`, opens);
      await page.keyboard.press("Escape");
      await page.getByRole(opens).waitFor({ state: "detached" });
    }
  }
});

test("a key of an odd name is revoked by typing it", async ({ operator: page, gateway }) => {
  for (const name of [" odd blanks around ", "odd  two  blanks", "\u202eodd and turned", "<b>odd</b>"]) {
    const { id } = await made(gateway, "keys", { name, environment: "sandbox" });
    await page.goto(`${gateway.url}/keys/${String(id)}`);
    await page.getByRole("button", { name: "Revoke key", exact: true }).click();
    await page.getByRole("dialog").getByRole("textbox").fill(name);
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await expect(page).toHaveURL(/\/keys$/);
  }
});

test("the trail, the rows, the notes and the people show theirs to the letter", async ({ operator: page, gateway }) => {
  test.setTimeout(240_000);
  await page.goto(`${gateway.url}/audit`);
  await page.getByRole("table").waitFor();
  await page.getByRole("row").nth(1).click();
  await dialogFits(page, "a change");
  await page.keyboard.press("Escape");

  await page.goto(`${gateway.url}/usage`);
  await page.getByRole("table").waitFor();
  const rows = (await admin(gateway, "GET", "usage?limit=1000")).body["data"] as { id: string; key_name: string; client: string }[];
  expect.soft(await missingFrom(page, [...new Set(rows.map((row) => row.key_name))]), "usage").toEqual([]);
  for (const row of rows.filter(({ client }) => world.agents.includes(client)).slice(0, 12)) {
    await page.goto(`${gateway.url}/usage?row=${row.id}`);
    await dialogFits(page, "a request");
    await expect(page.getByRole("dialog").getByText(row.id)).toBeVisible();
    expect.soft(await missingFrom(page, [row.client, row.key_name]), "a request").toEqual([]);
  }

  await page.goto(`${gateway.url}/credits`);
  const older = page.getByRole("button", { name: "Show older grants" });
  await page.getByRole("table", { name: "Grants" }).waitFor();
  while (await older.isVisible()) {
    await older.click();
    await expect(older.and(page.locator("[aria-busy=true]"))).toHaveCount(0);
  }
  expect.soft(await missingFrom(page, world.notes), "notes").toEqual([]);
  await inert(page, "credits, to the first grant");

  await page.goto(`${gateway.url}/members`);
  await page.getByRole("table", { name: "Members" }).waitFor();
  const members = (await admin(gateway, "GET", "members?workspace=ws_default&limit=1000")).body["data"] as { name: string }[];
  expect(members.length).toBeGreaterThan(10);
  expect.soft(await missingFrom(page, members.map(({ name }) => name)), "members").toEqual([]);
});

test("profiles, models, workspaces and the palette show theirs to the letter", async ({ operator: page, gateway }) => {
  test.setTimeout(240_000);
  await visit(page, gateway.url, PAGES.find(({ name }) => name === "profiles")!);
  expect.soft(await missingFrom(page, world.profiles), "profiles").toEqual([]);
  for (const [at, name] of world.profiles.entries()) {
    if (at % 12 !== 0) continue;
    await page.setViewportSize({ width: WIDTHS[(at / 12) % 2]!, height: 900 });
    await page.getByRole("group", { name: "Profiles" }).getByRole("button").nth(at).click();
    await page.getByRole("button", { name: /^Delete/ }).click();
    await dialogFits(page, `Delete ${name.slice(0, 60)}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const [at] of SHARP.entries()) {
    if (at % 12 !== 0) continue;
    const model = (await admin(gateway, "GET", `models/naughty%2F${at}`)).body;
    await page.goto(`${gateway.url}/models?object=${encodeURIComponent(`naughty/${at}`)}`);
    await dialogFits(page, "a model");
    if (model["name"]) expect.soft(await page.getByRole("dialog").getByRole("heading").first().textContent()).toBe(model["name"]);
  }
  await page.goto(gateway.url);
  await page.getByRole("button", { name: /^Workspace / }).click();
  await page.getByRole("menu").waitFor();
  const workspaces = (await admin(gateway, "GET", "workspaces?limit=100")).body["data"] as { name: string }[];
  expect.soft(await missingFrom(page, workspaces.map(({ name }) => name)), "workspaces").toEqual([]);
  await inert(page, "the menu of workspaces");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  for (const wanted of ["<script>", "\u202e", "' OR", "W".repeat(60)]) {
    await page.getByRole("combobox").fill(wanted);
    await expect(page.getByRole("option").first()).toContainText(wanted, { ignoreCase: true });
    await dialogFits(page, `the palette, searching ${wanted}`);
  }
});

test("in a workspace of such a name every page stands", async ({ operator: page, gateway }) => {
  test.setTimeout(180_000);
  const list = (await admin(gateway, "GET", "workspaces?limit=1000")).body["data"] as { id: string; name: string }[];
  for (const name of [SHARP[0]!, "W".repeat(128)]) {
    const { id } = list.find((one) => one.name === name)!;
    for (const [at, stop] of PAGES.entries()) {
      await page.setViewportSize({ width: WIDTHS[at % 2]!, height: 900 });
      await visit(page, gateway.url, { ...stop, path: `${stop.path}?workspace=${id}` });
      await inert(page, `${stop.name} of ${name.slice(0, 40)}`);
    }
  }
});
