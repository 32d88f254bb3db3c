// A key is edited where it is read: by keyboard, with what will change said before it is saved, and without losing what was
// typed to a refusal, to the way out, or to the end of the session.
import { admin, made } from "./admin";
import { clean, cleanInBothThemes } from "./axe";
import { expect, type Gateway, OPERATOR, signedIn, test } from "./gateway";
import { overflow, settled } from "./pages";
import type { Page } from "./playwright";

const LIMIT = { metric: "cost", window: "month", amount: "25" };

async function shown(page: Page, gateway: Gateway, name: string, more: object = {}): Promise<string> {
  const { id } = await made(gateway, "keys", { name, environment: "sandbox", limits: [LIMIT], ...more });
  await page.goto(`${gateway.url}/keys/${String(id)}`);
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await settled(page);
  return `keys/${String(id)}`;
}

const limitOf = async (gateway: Gateway, path: string) => ((await admin(gateway, "GET", path)).body["limits"] as { amount: string }[])[0]!.amount;
const again = (page: Page) => page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));

test("by keyboard alone: what will change is said, Enter saves it, Escape takes it back", async ({ operator: page, gateway }) => {
  const path = await shown(page, gateway, "typed over", { models: ["openai/*"] });
  const { keyboard } = page;
  const edit = page.getByRole("button", { name: "Edit limits" });
  const form = page.getByRole("form", { name: "Edit limits" });
  await edit.focus();
  await keyboard.press("Enter");
  await expect(form.getByLabel("Metric of limit 1")).toBeFocused();
  await expect(page).toHaveURL(/edit=limits/);
  await expect(form.getByRole("button", { name: "Save changes" })).toBeDisabled();
  await keyboard.press("Tab");
  await keyboard.type("30");
  await expect(form.getByRole("group", { name: "From the next request on" })).toHaveText("From the next request onLimit$25 / month→becomes$30 / month");
  await expect(form.getByRole("status")).toHaveText("1 change, not saved");
  // A word that is being composed is ended by Escape, not the form.
  await page.getByLabel("Amount of limit 1").dispatchEvent("keydown", { key: "Escape", isComposing: true, bubbles: true });
  await keyboard.type("5");
  await expect(form.getByLabel("Amount of limit 1")).toHaveValue("305");
  await keyboard.press("Backspace");
  await keyboard.press("Escape");
  const question = page.getByRole("dialog", { name: "Leave typed over without saving?" });
  await expect(question.getByRole("button", { name: "Keep editing" })).toBeFocused();
  await keyboard.press("Enter");
  await expect(question).toHaveCount(0);
  await expect(form.getByLabel("Amount of limit 1")).toBeFocused();
  await expect(form.getByLabel("Amount of limit 1")).toHaveValue("30");
  await keyboard.press("Escape");
  await expect(question.getByRole("button", { name: "Keep editing" })).toBeFocused();
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await expect(form).toHaveCount(0);
  await expect(edit).toBeFocused();
  await expect(page).not.toHaveURL(/edit=/);
  expect(await limitOf(gateway, path)).toBe("25");

  await keyboard.press("Enter");
  await keyboard.press("Tab");
  await keyboard.type("40");
  await keyboard.press("Enter");
  await expect(form).toHaveCount(0);
  await expect(edit).toBeFocused();
  await expect(page.getByText("Cost $40 / month")).toBeVisible();
  expect(await limitOf(gateway, path)).toBe("40");

  // Another limit begins where its amount is typed.
  await keyboard.press("Enter");
  await form.getByRole("button", { name: "Add limit" }).focus();
  await keyboard.press("Enter");
  await expect(form.getByLabel("Amount of limit 2")).toBeFocused();
  await keyboard.type("60");
  await keyboard.press("Enter");
  await expect(page.getByText("Requests 60 requests / minute")).toBeVisible();

  await page.getByRole("button", { name: "Edit policy" }).focus();
  await keyboard.press("Enter");
  await expect(page.getByRole("form", { name: "Edit policy" }).getByLabel("Models")).toBeFocused();
  await keyboard.press("Backspace");
  await expect(page.getByRole("form").getByRole("group", { name: "From the next request on" })).toHaveText("From the next request onModelsopenai/*→becomesevery model");
  await keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Edit policy" })).toBeFocused();

  await page.getByRole("button", { name: "Edit details" }).focus();
  await keyboard.press("Enter");
  await expect(page.getByRole("form", { name: "Edit details" }).getByLabel("Name")).toBeFocused();
  await keyboard.press("End");
  await keyboard.type(", twice");
  await page.getByLabel("Description").focus();
  await keyboard.type("What it is for");
  await keyboard.press("Control+Enter");
  await expect(page.getByRole("heading", { name: "typed over, twice", level: 1 })).toBeVisible();
  await expect(page.getByText("What it is for")).toBeVisible();
  await expect(page.getByRole("button", { name: "Edit details" })).toBeFocused();
  const { body } = await admin(gateway, "GET", path);
  expect([body["name"], body["description"], body["models"], (body["limits"] as unknown[]).length]).toEqual(["typed over, twice", "What it is for", [], 2]);
});

test("the whole form is saved with what stands in a field of several texts, however it is sent", async ({ operator: page, gateway }) => {
  const path = await shown(page, gateway, "half typed");
  await page.getByRole("button", { name: "Edit policy" }).click();
  await page.getByLabel("Networks").focus();
  await page.keyboard.type("10.1.0.0/16");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("form")).toHaveCount(0);
  await page.getByRole("button", { name: "Edit policy" }).click();
  await page.getByLabel("Models").focus();
  await page.keyboard.type("openai/*");
  // Held down, it is sent once.
  let sent = 0;
  page.on("request", (request) => (sent += request.method() === "PATCH" ? 1 : 0));
  await page.keyboard.down("Control");
  for (let times = 0; times < 5; times++) await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await page.keyboard.up("Control");
  await expect(page.getByRole("form")).toHaveCount(0);
  const { body } = await admin(gateway, "GET", path);
  expect([body["allowed_ips"], body["models"], sent]).toEqual([["10.1.0.0/16"], ["openai/*"], 1]);
});

test("what was typed and not saved is asked about before it is left, and is still there for who stays", async ({ operator: page, gateway }) => {
  const path = await shown(page, gateway, "left open");
  const question = page.getByRole("dialog", { name: "Leave left open without saving?" });
  const amount = page.getByLabel("Amount of limit 1");
  await page.goto(`${gateway.url}/keys`);
  await page.getByRole("link", { name: "left open" }).click();
  await page.getByRole("button", { name: "Edit limits" }).click();
  // Nothing was typed: nothing is asked.
  await page.goBack();
  await expect(amount).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "left open", level: 1 })).toBeVisible();
  await page.goForward();
  await amount.fill("41");

  const ways: (() => Promise<unknown>)[] = [
    () => page.getByRole("navigation").getByRole("link", { name: "Usage" }).first().click(),
    () => page.goBack(),
    () => page.getByRole("button", { name: "Edit policy" }).click(),
    async () => {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").getByRole("combobox").fill("Models");
      await page.keyboard.press("Enter");
    },
    async () => {
      await page.getByRole("button", { name: /theme and sign out/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
    },
  ];
  for (const [at, leave] of ways.entries()) {
    await leave();
    await expect(question, `way ${at}`).toContainText("$25 / month→becomes$41 / month");
    if (at === 0) await clean(page, "leaving without saving");
    await (at % 2 === 0 ? page.keyboard.press("Escape") : question.getByRole("button", { name: "Keep editing" }).click());
    await expect(question).toHaveCount(0);
    await expect(amount, `way ${at}`).toHaveValue("41");
    await expect(page).toHaveURL(/edit=limits/);
  }
  expect(await limitOf(gateway, path)).toBe("25");
  // To a window that is closed the browser puts its own question.
  const unloads = await page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
  expect(unloads).toBe(true);

  // Asked twice, the address is still that of what is shown.
  for (let times = 0; times < 2; times++) {
    await page.goBack();
    await expect(question).toBeVisible();
    await expect(page).toHaveURL(/edit=limits/);
  }
  await question.getByRole("button", { name: "Keep editing" }).click();
  await expect(question).toHaveCount(0);
  await expect(page).toHaveURL(/edit=limits/);
  await expect(amount).toHaveValue("41");
  // The way back that was asked about is the one that is gone.
  await page.goBack();
  await question.getByRole("button", { name: "Discard changes" }).click();
  await expect(amount).toHaveCount(0);
  await expect(page).toHaveURL(new RegExp(`${path}$`));
  await expect(page.getByRole("heading", { name: "left open", level: 1 })).toBeVisible();
  await page.goForward();
  await expect(amount).toHaveValue("25");
  await amount.fill("41");

  await page.getByRole("navigation").getByRole("link", { name: "Usage" }).first().click();
  await question.getByRole("button", { name: "Discard changes" }).click();
  await page.getByRole("heading", { name: "Usage", level: 1 }).waitFor();
  expect(await limitOf(gateway, path)).toBe("25");
  // And it is gone.
  await page.goBack();
  await expect(amount).toHaveValue("25");
  expect(await page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })))).toBe(false);
});

test("what is saved is not asked about, however long its lists are read anew", async ({ operator: page, gateway }) => {
  const path = await shown(page, gateway, "saved at once", { limits: [] });
  // Without a limit, the first one is there to be typed; it is nothing until it has an amount.
  await page.getByRole("button", { name: "Add a limit" }).click();
  await expect(page.getByLabel("Amount of limit 1")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("form")).toHaveCount(0);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.getByRole("button", { name: "Add a limit" }).click();
  await page.keyboard.type("12");
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(`**/admin/v1/${path}?*`, async (route) => {
    if (route.request().method() === "GET") await held;
    return route.fallback();
  });
  await page.keyboard.press("Enter");
  await expect(page.getByRole("form")).toHaveCount(0);
  await page.getByRole("navigation").getByRole("link", { name: "Usage" }).first().click();
  await page.getByRole("heading", { name: "Usage", level: 1 }).waitFor();
  release();
  expect(await limitOf(gateway, path)).toBe("12");
});

test("text that is not yet one of several is asked about, too", async ({ operator: page, gateway }) => {
  await shown(page, gateway, "not added");
  await page.getByRole("button", { name: "Edit policy" }).click();
  await page.getByLabel("Networks").focus();
  await page.keyboard.type("10.2.0.0/16");
  await page.goBack();
  await expect(page.getByRole("dialog", { name: "Leave not added without saving?" })).toContainText("10.2.0.0/16");
});

test("a refusal stands beside its field with the request id, and loses nothing", async ({ operator: page, gateway }) => {
  await made(gateway, "keys", { name: "taken already", environment: "sandbox" });
  const path = await shown(page, gateway, "refused once");
  await page.getByRole("button", { name: "Edit details" }).click();
  const form = page.getByRole("form", { name: "Edit details" });
  await form.getByLabel("Name").fill("taken already");
  await form.getByLabel("Description").fill("as long as it took to type");
  await page.keyboard.press("Control+Enter");
  await expect(form.getByRole("alert")).toContainText(/Request req_[0-9a-f]{32}/);
  await expect(form.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
  await expect(form.getByLabel("Name")).toBeFocused();
  await expect(form.getByLabel("Name")).toHaveAccessibleDescription(/name/);
  await clean(page, "a refused change");
  await expect(form.getByLabel("Description")).toHaveValue("as long as it took to type");
  // Nor does a gateway that cannot be reached take anything.
  await page.route(`**/admin/v1/${path}?*`, (route) => (route.request().method() === "PATCH" ? route.abort() : route.fallback()));
  await form.getByLabel("Name").fill("served at last");
  await page.keyboard.press("Enter");
  await expect(form.getByRole("alert")).toBeVisible();
  await page.unroute(`**/admin/v1/${path}?*`);
  await expect(form.getByLabel("Name")).toHaveValue("served at last");
  await form.getByLabel("Name").focus();
  await page.keyboard.press("Enter");
  await expect(form).toHaveCount(0);
  const { body } = await admin(gateway, "GET", path);
  expect([body["name"], body["description"]]).toEqual(["served at last", "as long as it took to type"]);
});

test("what was typed is there again after signing in anew", async ({ page, gateway }) => {
  await signedIn(page, gateway);
  const path = await shown(page, gateway, "session ended");
  await page.getByRole("button", { name: "Edit limits" }).click();
  await page.getByLabel("Amount of limit 1").fill("42");
  await page.context().clearCookies();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("E-mail").fill(OPERATOR.email);
  await page.getByLabel("Password").fill(OPERATOR.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByLabel("Amount of limit 1")).toHaveValue("42");
  await page.getByLabel("Amount of limit 1").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Edit limits" })).toBeFocused();
  expect(await limitOf(gateway, path)).toBe("42");
});

test("who may not change a key is offered nothing, and who may no longer is told so with their words kept", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const { link } = await made(gateway, "invitations?workspace=ws_default", { email: "once-admin@example.com", role: "admin" });
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${gateway.url}${String(link)}`);
  await page.getByLabel("Your name").fill("Once admin");
  await page.getByLabel("Password").fill(OPERATOR.password);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const path = await shown(page, gateway, "of admins");
  await page.getByRole("button", { name: "Edit limits" }).click();
  await page.getByLabel("Amount of limit 1").fill("43");
  const members = (await admin(gateway, "GET", "members?workspace=ws_default")).body["data"] as { id: string; email: string }[];
  await admin(gateway, "PATCH", `members/${members.find(({ email }) => email === "once-admin@example.com")!.id}`, { role: "viewer" });
  await again(page);
  const form = page.getByRole("form", { name: "Edit limits" });
  await expect(form.getByRole("alert")).toContainText("Your role was changed meanwhile");
  await expect(form.getByRole("button", { name: "Save changes" })).toBeDisabled();
  await expect(page.getByLabel("Amount of limit 1")).toHaveValue("43");
  await form.getByRole("button", { name: "Cancel" }).click();
  await expect(form).toHaveCount(0);
  for (const part of ["details", "limits", "policy"]) {
    await page.goto(`${gateway.url}/${path}?edit=${part}`);
    await page.getByRole("heading", { name: "of admins", level: 1 }).waitFor();
    await settled(page);
    await expect(page.getByRole("form")).toHaveCount(0);
    await expect(page.getByRole("button", { name: /^Edit / })).toHaveCount(0);
  }
  // A member has keys of their own to change, and this one is not.
  await admin(gateway, "PATCH", `members/${members.find(({ email }) => email === "once-admin@example.com")!.id}`, { role: "member" });
  await page.goto(`${gateway.url}/${path}`);
  await page.getByRole("heading", { name: "of admins", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("key");
  await expect(page.getByRole("option", { name: "Create key" })).toBeVisible();
  await expect(page.getByRole("option", { name: /^(Edit|Rotate|Disable|Revoke) .*of admins/ })).toHaveCount(0);
  await page.context().close();
});

test("the list leads to the key with its edit open, and the way back leads to the list", async ({ operator: page, gateway }) => {
  await made(gateway, "keys", { name: "from the list", environment: "sandbox" });
  await page.goto(`${gateway.url}/keys?search=from`);
  await page.getByRole("button", { name: "Actions for from the list" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await expect(page.getByRole("form", { name: "Edit details" }).getByLabel("Name")).toBeFocused();
  await expect(page).toHaveURL(/\/keys\/key_\w+\?edit=details/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Edit details" })).toBeFocused();
  await page.goBack();
  await expect(page).toHaveURL(/\/keys\?search=from/);
  // A management key calls no model: it has no limits to edit, whatever the address says.
  const { id } = await made(gateway, "keys", { name: "of a script", type: "management", role: "viewer" });
  await page.goto(`${gateway.url}/keys/${String(id)}?edit=limits`);
  await page.getByRole("button", { name: "Edit policy" }).waitFor();
  await expect(page.getByRole("form")).toHaveCount(0);
});

test("with changes and with problems it is clean and fits, in both themes", async ({ operator: page, gateway }) => {
  test.setTimeout(120_000);
  await shown(page, gateway, "edited", { description: "word ".repeat(60), limits: [LIMIT, { metric: "requests", window: "60s", amount: 600 }], expires_at: "2031-03-01T00:00:00Z" });
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    for (const part of ["details", "limits", "policy"] as const) {
      await page.getByRole("button", { name: `Edit ${part}` }).click();
      const form = page.getByRole("form");
      if (part === "details") await form.getByLabel("Description").fill("another word ".repeat(40));
      if (part === "limits") {
        await form.getByLabel("Amount of limit 1").fill("as much as they like");
        await page.keyboard.press("Enter");
        await expect(form.getByText("A number, such as 25 or 0.50.")).toBeVisible();
        await expect(form.getByLabel("Amount of limit 1")).toBeFocused();
      }
      if (part === "policy") await form.getByLabel("Expires").selectOption("");
      await expect(form.getByRole("group", { name: "From the next request on" })).toBeVisible();
      await cleanInBothThemes(page, `${part} at ${width} px`);
      expect.soft(await overflow(page), `${part} at ${width} px`).toBeLessThanOrEqual(0);
      expect.soft(await form.evaluate((element) => element.scrollWidth - element.clientWidth), `${part} at ${width} px`).toBeLessThanOrEqual(0);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").getByRole("button", { name: "Discard changes" }).click();
      await expect(form).toHaveCount(0);
    }
  }
});
