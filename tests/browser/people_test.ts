import { made } from "./admin";
import { createKey, expect, OPERATOR, test, watched } from "./gateway";

test("a wrong password says so, a right one leads to where one was going", async ({ operator: page, gateway, browser }) => {
  await page.close();
  const fresh = await (await browser.newContext()).newPage();
  await fresh.goto(`${gateway.url}/usage?status=error`);
  await expect(fresh).toHaveURL(/\/sign-in\?next=/);
  await fresh.getByLabel("E-mail").fill(OPERATOR.email);
  await fresh.getByLabel("Password").fill("not this one at all");
  await fresh.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(fresh.getByRole("alert")).toBeVisible();
  await expect(fresh.getByLabel("Password")).toHaveValue("");
  await fresh.getByLabel("Password").fill(OPERATOR.password);
  await fresh.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(fresh).toHaveURL(/\/usage\?status=error/);
  await fresh.context().close();
});

test("where nobody is a member yet, the page says what to do, and the trail names who was invited", async ({ operator: page, gateway }) => {
  const { id } = await made(gateway, "workspaces", { name: "empty" });
  await page.goto(`${gateway.url}/members?workspace=${String(id)}`);
  await expect(page.getByRole("heading", { name: "No member yet" })).toBeVisible();
  await page.locator("main").getByRole("button", { name: "Invite" }).last().click();
  await page.getByLabel("E-mail").fill("named@example.com");
  await page.getByRole("button", { name: "Make link" }).click();
  await page.getByLabel("The invitation’s link").waitFor();
  await page.goto(`${gateway.url}/audit?workspace=${String(id)}`);
  await expect(page.getByRole("row").filter({ hasText: "invitation.create" })).toContainText("named@example.com");
});

test("an invitation's link makes a viewer, who is offered nothing that viewers may not do", async ({ operator: page, gateway, browser }) => {
  await page.goto(`${gateway.url}/members`);
  await page.getByRole("button", { name: "Invite" }).first().click();
  await page.getByLabel("E-mail").fill("viewer@example.com");
  await page.getByLabel("Role", { exact: true }).selectOption("viewer");
  await page.getByRole("button", { name: "Make link" }).click();
  const link = await page.getByLabel("The invitation’s link").inputValue();
  const guest = await (await browser.newContext()).newPage();
  const complaints = watched(guest, gateway.url);
  await guest.goto(link);
  await expect(guest).toHaveURL(`${gateway.url}/invite`);
  await guest.getByLabel("Your name").fill("Viewer");
  await guest.getByLabel("Password").fill("another calm phrase");
  await guest.getByRole("button", { name: "Join" }).click();
  await guest.getByRole("heading", { name: "Overview" }).waitFor();
  await guest.goto(`${gateway.url}/keys`);
  await guest.getByRole("heading", { name: "API keys" }).waitFor();
  await expect(guest.getByRole("button", { name: "Create key" })).toHaveCount(0);
  await expect(guest.getByRole("link", { name: "Audit" })).toHaveCount(0);
  await guest.context().close();
  expect(complaints).toEqual([]);
});

test("a link to a new password signs its owner in, and ends where they were signed in before", async ({ operator: page, gateway, browser }) => {
  const { link: invitation } = await made(gateway, "invitations", { email: "forgetful@example.com", role: "viewer" });
  const before = await (await browser.newContext()).newPage();
  await before.goto(`${gateway.url}${String(invitation)}`);
  await before.getByLabel("Your name").fill("Forgetful");
  await before.getByLabel("Password").fill("a phrase soon forgotten");
  await before.getByRole("button", { name: "Join" }).click();
  await before.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${gateway.url}/members`);
  await page.getByRole("row", { name: /forgetful@example\.com/ }).getByRole("button", { name: /Reset password/ }).click();
  await page.getByRole("button", { name: "Make link" }).click();
  const link = await page.getByLabel("The link to a new password").inputValue();
  const after = await (await browser.newContext()).newPage();
  const complaints = watched(after, gateway.url);
  await after.goto(link);
  await expect(after).toHaveURL(`${gateway.url}/reset`);
  await after.getByLabel("New password").fill("a phrase well remembered");
  await after.getByRole("button", { name: "Set password" }).click();
  await after.getByRole("heading", { name: "Overview" }).waitFor();
  await before.goto(`${gateway.url}/keys`);
  await expect(before).toHaveURL(/\/sign-in/);
  await before.getByLabel("E-mail").fill("forgetful@example.com");
  await before.getByLabel("Password").fill("a phrase well remembered");
  await before.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(before).toHaveURL(/\/keys/);
  await before.context().close();
  await after.context().close();
  expect(complaints).toEqual([]);
});

test("an invitation whose answer was lost is not made twice", async ({ operator: page, gateway }) => {
  await page.goto(`${gateway.url}/members`);
  const keys: (string | undefined)[] = [];
  let lost = false;
  await page.route("**/admin/v1/invitations*", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    keys.push(route.request().headers()["idempotency-key"]);
    if (lost) return route.fallback();
    lost = true;
    await route.fetch();
    return route.abort();
  });
  await page.getByRole("button", { name: "Invite" }).first().click();
  await page.getByLabel("E-mail").fill("lost@example.com");
  await page.getByRole("button", { name: "Make link" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.getByRole("button", { name: "Make link" }).click();
  await expect(page.getByRole("alert")).toContainText("its link was lost");
  await page.getByRole("button", { name: "Make link" }).click();
  await expect(page.getByLabel("The invitation’s link")).toHaveValue(/\/invite#/);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("the audit trail is found by action, person and day, and the URL keeps that", async ({ operator: page, gateway }) => {
  await createKey(page, gateway, "audited");
  await page.goto(`${gateway.url}/audit`);
  const rows = page.getByRole("table", { name: "Changes" }).getByRole("row");
  await page.getByRole("button", { name: "Action" }).click();
  await page.getByRole("menuitemradio", { name: "key.create" }).click();
  await expect(page).toHaveURL(/action=key\.create/);
  await expect(page.getByRole("table", { name: "Changes" })).not.toContainText("invitation");
  await expect(rows.nth(1)).toContainText("audited");
  await page.getByRole("button", { name: "Who" }).click();
  await page.getByRole("menuitemradio", { name: OPERATOR.email }).click();
  await expect(page).toHaveURL(/actor=/);
  await expect(rows.nth(1)).toContainText("you");
  await page.reload();
  await expect(rows.nth(1)).toContainText("audited");
  await page.getByLabel("To (UTC)").fill("2020-01-01");
  await expect(page.getByText("No change fits these filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(rows.nth(1)).toContainText("audited");
});

test("signing out ends the session for good", async ({ operator: page, gateway }) => {
  await page.getByRole("button", { name: /theme and sign out/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect((await page.request.get(`${gateway.url}/admin/v1/keys`)).status()).toBe(401);
  await page.goBack();
  await expect(page).toHaveURL(/\/sign-in/);
});

test("a session that has ended elsewhere leads to the door, and back to the same page", async ({ operator: page, gateway }) => {
  await page.goto(`${gateway.url}/usage?status=error`);
  await page.getByRole("heading", { name: "Usage" }).waitFor();
  const { csrf_token } = (await (await page.request.get(`${gateway.url}/admin/v1/session`)).json()) as { csrf_token: string };
  const cookies = await page.context().cookies();
  expect((await page.request.delete(`${gateway.url}/admin/v1/session`, { headers: { "X-CSRF-Token": csrf_token, Origin: gateway.url } })).status()).toBe(200);
  await page.context().addCookies(cookies);
  await page.getByRole("link", { name: "Members" }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("E-mail").fill(OPERATOR.email);
  await page.getByLabel("Password").fill(OPERATOR.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(/\/members/);
});
