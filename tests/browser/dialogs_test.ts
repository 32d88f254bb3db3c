// Every dialog, menu, panel and door, in both themes: axe finds nothing, it fits a small screen, Escape closes it, and
// the focus goes back to what opened it.
import { made } from "./admin";
import { cleanInBothThemes } from "./axe";
import { call, createKey, expect, type Gateway, signedIn, test, watched } from "./gateway";
import { overflow, settled } from "./pages";
import type { Locator, Page } from "./playwright";

interface Opened {
  name: string;
  path: string;
  opener: (page: Page) => Locator;
  as?: "dialog" | "menu" | "form";
}

const button = (name: string | RegExp, exact = true) => (page: Page) => page.getByRole("button", { name, exact }).first();

const OPENED: Opened[] = [
  { name: "create key", path: "/keys", opener: button("Create key") },
  { name: "edit a key’s details", path: "/keys/{key}", opener: button("Edit details"), as: "form" },
  { name: "edit a key’s limits", path: "/keys/{key}", opener: button("Edit limits"), as: "form" },
  { name: "edit a key’s policy", path: "/keys/{key}", opener: button("Edit policy"), as: "form" },
  { name: "rotate secret", path: "/keys/{key}", opener: button("Rotate secret") },
  { name: "revoke key", path: "/keys/{key}", opener: button("Revoke key") },
  { name: "actions of a key", path: "/keys", opener: button(/^Actions for/, false), as: "menu" },
  { name: "filter", path: "/keys", opener: button("Environment"), as: "menu" },
  { name: "create profile", path: "/profiles", opener: button("Create profile") },
  { name: "delete profile", path: "/profiles", opener: button(/^Delete /, false) },
  { name: "add provider", path: "/providers", opener: button("Add provider") },
  { name: "grant credits", path: "/credits", opener: button("Grant credits") },
  { name: "invite", path: "/members", opener: button("Invite") },
  { name: "remove member", path: "/members", opener: (page) => page.getByRole("row").filter({ hasText: "guest@example.com" }).getByRole("button").last() },
  { name: "edit workspace", path: "/settings", opener: button("Edit") },
  { name: "move test clock", path: "/settings", opener: button("Move test clock") },
  { name: "code", path: "/playground", opener: button("Show code") },
  { name: "a request", path: "/usage", opener: (page) => page.getByRole("row").nth(1) },
  { name: "a change", path: "/audit", opener: (page) => page.getByRole("row").nth(1) },
  { name: "a model", path: "/models", opener: (page) => page.getByRole("row").nth(1) },
  { name: "workspaces", path: "/", opener: button(/^Workspace /, false), as: "menu" },
  { name: "person", path: "/", opener: button(/theme and sign out/, false), as: "menu" },
  { name: "palette", path: "/keys", opener: button("Search") },
];

let key = "";

async function populated(page: Page, gateway: Gateway) {
  if (key) return;
  const secret = await createKey(page, gateway, "opened");
  for (const model of ["sandbox/echo", "sandbox/error-500"]) await call(gateway, secret, model);
  await page.getByRole("link", { name: "opened" }).click();
  await page.getByRole("heading", { name: "opened", level: 1 }).waitFor();
  key = new URL(page.url()).pathname.split("/").pop()!;
  await made(gateway, "profiles", { name: "support", environment: "sandbox" });
  const invited = await made(gateway, "invitations?workspace=ws_default", { email: "guest@example.com", role: "member" });
  const joined = await page.request.post(`${gateway.url}/admin/v1/invitations/accept`, { headers: { Origin: gateway.url }, data: { token: String(invited["link"]).split("#")[1], name: "Guest", password: "four calm words here" } });
  expect(joined.status()).toBe(200);
  await page.context().clearCookies();
  await signedIn(page, gateway);
}

test("every dialog and menu is clean in both themes, and gives the focus back", async ({ operator: page, gateway }) => {
  test.setTimeout(240_000);
  await populated(page, gateway);
  for (const one of OPENED) {
    await page.goto(gateway.url + one.path.replace("{key}", key));
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(page);
    const opener = one.opener(page);
    await opener.focus();
    await page.keyboard.press("Enter");
    const opened = page.getByRole(one.as ?? "dialog");
    await opened.waitFor();
    await cleanInBothThemes(page, one.name);
    await page.keyboard.press("Escape");
    await opened.waitFor({ state: "detached" });
    // A row was opened by its address: what it opens may be sent to somebody, and is closed to the same row.
    await expect(opener, `the focus after ${one.name}`).toBeFocused();
  }
});

test("every dialog fits the smallest screen", async ({ operator: page, gateway }) => {
  test.setTimeout(240_000);
  await populated(page, gateway);
  await page.setViewportSize({ width: 360, height: 700 });
  for (const one of OPENED.filter(({ name }) => !["workspaces", "person", "palette"].includes(name))) {
    await page.goto(gateway.url + one.path.replace("{key}", key));
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(page);
    await one.opener(page).focus();
    await page.keyboard.press("Enter");
    const opened = page.getByRole(one.as ?? "dialog");
    await opened.waitFor();
    const box = (await opened.boundingBox())!;
    expect.soft(Math.round(box.x), one.name).toBeGreaterThanOrEqual(0);
    expect.soft(Math.round(box.x + box.width), one.name).toBeLessThanOrEqual(360);
    expect.soft(await opened.evaluate((element) => element.scrollWidth - element.clientWidth), `${one.name} scrolls sideways`).toBeLessThanOrEqual(1);
    expect.soft(await overflow(page), one.name).toBeLessThanOrEqual(0);
  }
});

test("what is shown once, and what follows a dialog, is clean in both themes", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await populated(page, gateway);
  await page.goto(`${gateway.url}/keys?create=true`);
  await page.getByLabel("Name", { exact: true }).fill("shown");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await page.getByLabel("The secret", { exact: true }).waitFor();
  await cleanInBothThemes(page, "a new secret");
  // What is shown this once is not lost by a slip.
  await page.keyboard.press("Escape");
  await expect(page.getByLabel("The secret", { exact: true })).toBeVisible();
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.goto(`${gateway.url}/members`);
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByLabel("E-mail").fill("more@example.com");
  await page.getByRole("button", { name: "Make link" }).click();
  await page.getByLabel("The invitation’s link").waitFor();
  await cleanInBothThemes(page, "an invitation's link");
  await page.goto(`${gateway.url}/keys/key_none`);
  await page.getByRole("alert").waitFor();
  await cleanInBothThemes(page, "a key that is not there");
  await page.goto(`${gateway.url}/nowhere`);
  await page.getByRole("heading").first().waitFor();
  await cleanInBothThemes(page, "a page that is not there");
  await page.goto(`${gateway.url}/keys?search=nothing-has-this-name`);
  await page.getByText("No key fits these filters").waitFor();
  await cleanInBothThemes(page, "nothing found");
});

test("the doors are clean in both themes", async ({ operator, gateway, browser }) => {
  const invited = await made(gateway, "invitations?workspace=ws_default", { email: "door@example.com", role: "viewer" });
  expect(operator).toBeTruthy();
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  const complaints = watched(page, gateway.url);
  await page.goto(`${gateway.url}/sign-in`);
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await cleanInBothThemes(page, "sign in");
  expect(await overflow(page), "sign in").toBeLessThanOrEqual(0);
  await page.getByLabel("E-mail").fill("nobody@example.com");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await cleanInBothThemes(page, "a refused sign-in");
  await page.goto(String(new URL(String(invited["link"]), gateway.url)));
  await page.getByLabel("Your name").waitFor();
  await cleanInBothThemes(page, "an invitation");
  expect(await overflow(page), "an invitation").toBeLessThanOrEqual(0);
  await page.goto("about:blank");
  await page.goto(`${gateway.url}/invite`);
  await page.getByRole("heading", { name: "This link is not whole" }).waitFor();
  await cleanInBothThemes(page, "half an invitation");
  await page.goto(`${gateway.url}/setup`);
  await page.getByRole("heading", { name: "Tollgate is set up already" }).waitFor();
  await cleanInBothThemes(page, "set up already");
  await page.context().close();
  expect(complaints).toEqual([]);
});

test("the palette reaches every page and every action", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await populated(page, gateway);
  const go = async (typed: string) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill(typed);
    await expect(page.getByRole("option", { name: typed, exact: true })).toBeVisible();
    await page.getByRole("option", { name: typed, exact: true }).click();
  };
  for (const [typed, title] of [
    ["API keys", "API keys"], ["Routing profiles", "Routing profiles"], ["Usage", "Usage"], ["Models", "Models"], ["Providers", "Providers"], ["Credits", "Credits"],
    ["Playground", "Playground"], ["Audit", "Audit"], ["Members", "Members"], ["Settings", "Settings"], ["Overview", "Overview"],
  ]) {
    await go(typed!);
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  }
  for (const [typed, title] of [
    ["Create key", "Create key"], ["Create profile", "Create profile"], ["Add provider", "Add provider"], ["Invite", "Invite"], ["Grant credits", "Grant credits to default"],
    ["Edit workspace", "Edit default"], ["Move test clock", "Move the test clock forward"],
  ]) {
    await go(typed!);
    await expect(page.getByRole("dialog", { name: title })).toBeVisible();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await go("Verify the audit chain");
  await expect(page.getByText(/rows sound/)).toBeVisible();
  await go("Change password");
  await expect(page.getByLabel("Present password")).toBeFocused();
  await go("Dark theme");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await go("Theme of the system");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("opened");
  await page.getByRole("option").filter({ hasText: "sk-tg-test-", has: page.getByText("opened", { exact: true }) }).click();
  await page.getByRole("heading", { name: "opened", level: 1 }).waitFor();
  for (const [typed, form] of [["Edit opened", "Edit details"], ["Edit the limits of opened", "Edit limits"], ["Edit the policy of opened", "Edit policy"]] as const) {
    await go(typed);
    await expect(page.getByRole("form", { name: form }).locator(":focus")).toHaveCount(1);
    await page.keyboard.press("Escape");
    await page.getByRole("form").waitFor({ state: "detached" });
    await expect(page.getByRole("button", { name: form })).toBeFocused();
  }
  for (const title of ["Rotate the secret of opened", "Revoke opened"]) {
    await go(title);
    await expect(page.getByRole("dialog", { name: title })).toBeVisible();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await go("Disable opened");
  await expect(page.getByRole("switch", { name: "Enable opened" })).toBeVisible();
  await go("Enable opened");
  await go("Sign out");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("j, k and Enter walk every table", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await populated(page, gateway);
  await made(gateway, "workspaces/ws_default/grants", { amount: "5" });
  for (const path of ["/keys", "/usage", "/models", "/audit", "/members", "/settings", "/credits", `/keys/${key}`, "/"]) {
    await page.goto(gateway.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.locator("[data-row]").first().waitFor();
    await settled(page);
    await page.keyboard.press("j");
    await expect(page.locator("[data-row]").first(), path).toBeFocused();
    const rows = await page.locator("[data-row]").count();
    if (rows > 1) {
      await page.keyboard.press("j");
      await expect(page.locator("[data-row]").nth(1), path).toBeFocused();
      await page.keyboard.press("k");
      await expect(page.locator("[data-row]").first(), path).toBeFocused();
    }
    // Enter opens the row, or goes to what can be done there: in each table of the page.
    const tables = await page.locator("main").evaluate((main) => [...new Set([...main.querySelectorAll("[data-row]")].map((row) => row.closest("table,ul")))].map((table) => [...main.querySelectorAll("[data-row]")].findIndex((row) => table!.contains(row))));
    for (const index of tables) {
      const row = page.locator("[data-row]").nth(index);
      const before = page.url();
      const does = await row.evaluate((element) => element.matches("a,[tabindex='0']") ? "opens" : element.querySelector("a,button,select,input") ? "goes on" : "nothing");
      await row.focus();
      await page.keyboard.press("Enter");
      if (does === "opens") await expect.poll(async () => page.url() !== before || (await page.getByRole("dialog").count()) > 0, { message: path }).toBe(true);
      if (does === "goes on") await expect(row.locator(":focus"), path).toHaveCount(1);
      await page.goto(gateway.url + path);
      await page.locator("[data-row]").first().waitFor();
      await settled(page);
    }
  }
});

test("a skeleton waits 150 ms, and nothing moves for those who want no motion", async ({ operator: page, gateway }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    void page.route("**/admin/v1/models?*", async (route) => {
      resolve();
      await new Promise<void>((go) => (answer = go));
      await route.continue();
    });
  });
  await page.goto(`${gateway.url}/models`);
  await asked;
  const waiting = page.locator("main [aria-busy=true]");
  await expect(waiting).toBeVisible();
  expect(Number.parseFloat(await waiting.locator(".skeleton").first().evaluate((element) => getComputedStyle(element).animationDuration))).toBeLessThan(0.001);
  answer();
  await expect(waiting).toHaveCount(0);
});

test("the palette leads to another workspace", async ({ operator: page, gateway }) => {
  const { id } = await made(gateway, "workspaces", { name: "elsewhere" });
  await page.goto(`${gateway.url}/keys`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("elsew");
  await page.getByRole("option", { name: "elsewhere", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`workspace=${String(id)}`));
});
