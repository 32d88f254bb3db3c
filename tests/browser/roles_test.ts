// Each role in the browser: no button that could only be refused, nothing of another workspace, and what changes about a
// person while they look.
import { admin, made } from "./admin";
import { call, expect, type Gateway, signedIn, test, watched } from "./gateway";
import { PAGES, settled } from "./pages";
import type { Browser, Page } from "./playwright";

const PASSWORD = "a calm phrase of their own";
type Role = "viewer" | "member" | "admin";

async function joined(browser: Browser, gateway: Gateway, email: string, role: Role, workspace = "ws_default"): Promise<Page> {
  const { link } = await made(gateway, `invitations?workspace=${workspace}`, { email, role });
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${gateway.url}${String(link)}`);
  await page.getByLabel("Your name").fill(email.split("@")[0]!);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  return page;
}

const idOf = async (gateway: Gateway, email: string, workspace = "ws_default") => {
  const { body } = await admin(gateway, "GET", `members?workspace=${workspace}`);
  return (body["data"] as { id: string; email: string }[]).find((one) => one.email === email)!.id;
};

// What only some may press, by the least role that may; addresses that ask for a dialog open it for nobody else.
const DIALOGS: [string, Role | "operator"][] = [
  ["/keys?create=true", "member"],
  ["/profiles?do=create", "admin"],
  ["/members?do=invite", "admin"],
  ["/settings?do=clock", "admin"],
  ["/settings?do=edit", "operator"],
  ["/providers?do=add", "operator"],
  ["/credits?do=grant", "operator"],
];
const BUTTONS: [string, string | RegExp, Role | "operator"][] = [
  ["/keys", "Create key", "member"],
  ["/usage", "Create key", "member"],
  ["/profiles", "Create profile", "admin"],
  ["/members", "Invite", "admin"],
  ["/members", "Remove", "admin"],
  ["/audit", "Verify the chain", "admin"],
  ["/settings", "Move test clock", "admin"],
  ["/settings", "Edit", "operator"],
  ["/providers", "Add provider", "operator"],
  ["/providers", "Test", "operator"],
  ["/credits", "Grant credits", "operator"],
];
const RANK = { viewer: 0, member: 1, admin: 2, operator: 3 };

test("each role is offered what it may do, and no more", async ({ operator, gateway, browser }) => {
  test.setTimeout(180_000);
  const pages: [Role | "operator", Page][] = [["operator", operator]];
  for (const role of ["viewer", "member", "admin"] as const) pages.push([role, await joined(browser, gateway, `${role}@example.com`, role)]);
  for (const [role, page] of pages) {
    const complaints = watched(page, gateway.url);
    const refused: string[] = [];
    page.on("response", (response) => response.status() === 403 && refused.push(`${response.request().method()} ${response.url()}`));
    for (const { path } of PAGES) {
      await page.goto(gateway.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await settled(page);
      for (const [where, name, needed] of BUTTONS) {
        if (where !== path) continue;
        const button = page.getByRole("main").getByRole("button", { name, exact: true });
        if (RANK[role] >= RANK[needed]) await expect(button.first(), `${role} at ${path}: ${String(name)}`).toBeVisible();
        else await expect(button, `${role} at ${path}: ${String(name)}`).toHaveCount(0);
      }
    }
    for (const [path, needed] of DIALOGS) {
      await page.goto(gateway.url + path);
      await page.getByRole("heading", { level: 1 }).or(page.getByRole("dialog")).first().waitFor();
      if (RANK[role] >= RANK[needed]) await expect(page.getByRole("dialog"), `${role} at ${path}`).toBeVisible();
      else await expect(page.getByRole("dialog"), `${role} at ${path}`).toHaveCount(0);
    }
    expect([role, refused, complaints]).toEqual([role, [], []]);
    if (page !== operator) await page.context().close();
  }
});

test("an admin is not offered to reset an operator's password", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const { link } = await made(gateway, "invitations", { email: "operator@example.com", role: "admin" });
  await operator.goto(`${gateway.url}${String(link)}`);
  await operator.getByLabel("Your password here").fill("four calm words here");
  await operator.getByRole("button", { name: "Join" }).click();
  await operator.getByRole("heading", { name: "Overview" }).waitFor();
  await made(gateway, "invitations", { email: "reader@example.com", role: "viewer" });
  const page = await joined(browser, gateway, "another-admin@example.com", "admin");
  await page.goto(`${gateway.url}/members`);
  await expect(page.getByRole("row", { name: /operator@example\.com/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /operator@example\.com/ }).getByRole("button", { name: /Reset password/ })).toHaveCount(0);
  await page.context().close();
});

test("somebody of another workspace sees none of this one, whatever address they type", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const { id } = await made(gateway, "workspaces", { name: "elsewhere" });
  const key = await made(gateway, "keys", { name: "not for them", environment: "sandbox" });
  const page = await joined(browser, gateway, "far@example.com", "admin", String(id));
  const asked: string[] = [];
  for (const { path } of [...PAGES, { path: `/keys/${String(key["id"])}` }]) {
    await page.goto(`${gateway.url}${path}?workspace=ws_default`);
    await expect(page.getByRole("heading", { name: "No such workspace" })).toBeVisible();
    if (path === "/") page.on("request", (request) => request.url().includes("ws_default") && request.url().includes("/admin/") && asked.push(request.url()));
  }
  await page.goto(`${gateway.url}/keys/${String(key["id"])}`);
  await expect(page.getByRole("alert")).toContainText("There is no key");
  await expect(page.getByText("not for them")).toHaveCount(0);
  expect(asked).toEqual([]);
  await page.goto(`${gateway.url}/keys?workspace=ws_default`);
  await page.getByRole("main").getByRole("link", { name: "elsewhere" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.context().close();
});

test("another role holds on the page that is open", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const page = await joined(browser, gateway, "rising@example.com", "viewer");
  const path = `members/${await idOf(gateway, "rising@example.com")}`;
  await page.goto(`${gateway.url}/keys`);
  await expect(page.getByRole("button", { name: "Create key" })).toHaveCount(0);
  await admin(gateway, "PATCH", path, { role: "member" });
  await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("button", { name: "Create key" }).first().click();
  await admin(gateway, "PATCH", path, { role: "viewer" });
  await page.getByLabel("Name", { exact: true }).fill("too late");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  // The refusal is told, and with it that there is nothing more to press.
  await expect(page.getByRole("button", { name: "Create key" })).toHaveCount(0);
  await page.context().close();
});

test("who is removed while signed in is told so, and comes back by an invitation", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  await made(gateway, "keys", { name: "of the workspace", environment: "sandbox" });
  const page = await joined(browser, gateway, "leaving@example.com", "member");
  await page.goto(`${gateway.url}/keys`);
  await expect(page.getByText("of the workspace")).toBeVisible();
  await admin(gateway, "DELETE", `members/${await idOf(gateway, "leaving@example.com")}`);
  await page.getByRole("link", { name: "Usage" }).first().click();
  await expect(page.getByRole("heading", { name: "No workspace yet" })).toBeVisible();
  await expect(page.getByText("of the workspace")).toHaveCount(0);
  const { link } = await made(gateway, "invitations", { email: "leaving@example.com", role: "viewer" });
  await page.goto(`${gateway.url}${String(link)}`);
  await page.getByLabel("Your password here").fill(PASSWORD);
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.context().close();
});

test("where somebody else signed in in another window, this one is theirs as soon as it is looked at", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const { id } = await made(gateway, "workspaces", { name: "second" });
  const page = await joined(browser, gateway, "first-person@example.com", "admin");
  const other = await joined(browser, gateway, "second-person@example.com", "viewer", String(id));
  const cookies = await other.context().cookies();
  await page.goto(`${gateway.url}/members`);
  await expect(page.getByText("first-person@example.com").first()).toBeVisible();
  await page.context().addCookies(cookies);
  await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByRole("button", { name: "second-person: theme and sign out" })).toBeVisible();
  await expect(page.getByText("first-person@example.com")).toHaveCount(0);
  await page.context().close();
  await other.context().close();
});

test("a link that was used or has expired says so, and leads to the door", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const { link, id } = await made(gateway, "invitations", { email: "late@example.com", role: "viewer" });
  await admin(gateway, "DELETE", `invitations/${String(id)}`);
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${gateway.url}${String(link)}`);
  await expect(page.getByRole("alert")).toContainText("ask for a new one");
  await page.goto(`${gateway.url}/reset#reset_nonsense`);
  await page.getByLabel("New password").fill("a phrase for nothing");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByRole("link", { name: "Sign in instead" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.context().close();
});

test("the setup is nobody's but the operator's", async ({ operator, gateway, browser }) => {
  expect(operator).toBeTruthy();
  const page = await joined(browser, gateway, "curious@example.com", "viewer");
  await page.goto(`${gateway.url}/setup`);
  await expect(page.getByRole("heading", { name: "Tollgate is set up already" })).toBeVisible();
  await page.context().close();
});

test("an address that was edited by hand is put right, never an error", async ({ page, gateway }) => {
  await signedIn(page, gateway);
  const bad: string[] = [];
  page.on("response", (response) => response.status() === 400 && bad.push(response.url()));
  for (const [path, kept] of [
    ["/keys?search=%00&status=bogus&sort=name&order=up&environment=moon", "/keys?sort=name"],
    ["/usage?from=2026-13-45&status=Nothing&row=1", "/usage"],
    ["/?range=9y&do=dance", "/"],
    ["/audit?from=soon", "/audit"],
  ] as const) {
    await page.goto(gateway.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(page);
    await expect(page).toHaveURL(gateway.url + kept);
    await expect(page.getByRole("alert")).toHaveCount(0);
  }
  expect(bad).toEqual([]);
});

test("the way back closes what opened beside a list, and closing it is the way back", async ({ page, gateway }) => {
  await signedIn(page, gateway);
  const { secret } = (await made(gateway, "keys", { name: "looked at", environment: "sandbox" })) as { secret: string };
  expect((await call(gateway, secret)).status).toBe(200);
  for (const [place, table] of [["Usage", "Requests"], ["Models", "Models"]] as const) {
    await page.goto(`${gateway.url}/members`);
    await page.getByRole("link", { name: place }).first().click();
    const address = `${gateway.url}/${place.toLowerCase()}`;
    await page.getByRole("table", { name: table, exact: true }).getByRole("row").nth(1).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page).toHaveURL(address);
    await page.goForward();
    await expect(page.getByRole("dialog")).toBeVisible();
    const beside = page.url();
    await page.getByRole("button", { name: "Close" }).click();
    await expect(page).toHaveURL(address);
    await page.goBack();
    await expect(page).toHaveURL(/\/members/);
    // By a link there is no list before it.
    await page.goto(beside);
    await page.getByRole("button", { name: "Close" }).click();
    await expect(page).toHaveURL(address);
  }
});
