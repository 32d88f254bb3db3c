import { expect, OPERATOR, test, watched } from "./gateway";

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

test("an invitation's link makes a viewer, who is offered nothing that viewers may not do", async ({ operator: page, gateway, browser }) => {
  await page.goto(`${gateway.url}/members`);
  await page.getByRole("button", { name: "Invite" }).click();
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

test("signing out ends the session for good", async ({ operator: page, gateway }) => {
  await page.getByRole("button", { name: /theme and sign out/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect((await page.request.get(`${gateway.url}/admin/v1/keys`)).status()).toBe(401);
  await page.goBack();
  await expect(page).toHaveURL(/\/sign-in/);
});
