// What is told once is not lost on the way, and what was asked for once is made once.
import { admin, made } from "./admin";
import { expect, type Gateway, OPERATOR, test } from "./gateway";
import type { Page } from "./playwright";

const SLOW_MS = 1_500;

async function filled(page: Page, gateway: Gateway, name: string) {
  await page.goto(`${gateway.url}/keys`);
  await page.getByRole("button", { name: "Create key" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("dialog").getByText("Sandbox", { exact: true }).click();
}

async function slowly(page: Page, pattern: string) {
  await page.route(pattern, async (route) => {
    if (route.request().method() === "GET") return route.fallback();
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return route.continue();
  });
}

async function named(gateway: Gateway, name: string): Promise<number> {
  const { body } = await admin(gateway, "GET", `keys?name=${encodeURIComponent(name)}&limit=10`);
  return (body["data"] as unknown[]).length;
}

const store = async (page: Page) => {
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
};

test("a dialog whose request is on its way stays until it has shown the secret", async ({ operator: page, gateway }) => {
  await filled(page, gateway, "patient");
  await slowly(page, "**/admin/v1/keys?*");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  await expect(page.getByRole("button", { name: "Cancel" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Close" })).toHaveCount(0);
  await page.goBack();
  await expect(page.getByLabel("The secret", { exact: true })).toHaveValue(/^sk-tg-test-/);
  // Nor is it lost before it was stored.
  await page.goBack();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/create=true/);
  await expect(page.getByLabel("The secret", { exact: true })).toHaveValue(/^sk-tg-test-/);
  await store(page);
  expect(await named(gateway, "patient")).toBe(1);
  await expect(page.getByRole("listitem").filter({ hasText: "patient" })).toBeVisible();

  await page.getByRole("link", { name: "patient" }).click();
  await page.getByRole("button", { name: "Rotate secret" }).click();
  await slowly(page, "**/rotate?*");
  await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).dblclick();
  await page.keyboard.press("Escape");
  await page.goBack();
  await expect(page.getByLabel("The secret", { exact: true })).toHaveValue(/^sk-tg-test-/);
  await store(page);
});

test("pressed twice, or with Enter held down, a button makes one", async ({ operator: page, gateway }) => {
  await filled(page, gateway, "pressed twice");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).dblclick();
  await store(page);
  await filled(page, gateway, "enter held");
  await page.getByLabel("Name", { exact: true }).focus();
  for (let times = 0; times < 12; times++) await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await store(page);
  expect([await named(gateway, "pressed twice"), await named(gateway, "enter held")]).toEqual([1, 1]);

  await page.goto(`${gateway.url}/profiles`);
  await page.getByRole("button", { name: "Create profile" }).first().click();
  await page.getByRole("dialog").getByLabel("Name").fill("one profile");
  await page.getByRole("dialog").getByRole("button", { name: "Create profile" }).dblclick();
  await store(page);
  const profiles = (await admin(gateway, "GET", "profiles")).body["data"] as { name: string }[];
  expect(profiles.filter(({ name }) => name === "one profile")).toHaveLength(1);

  await page.goto(`${gateway.url}/members`);
  await page.getByRole("button", { name: "Invite" }).first().click();
  await page.getByLabel("E-mail").fill("once@example.com");
  await page.getByRole("button", { name: "Make link" }).dblclick();
  await page.getByLabel("The invitation’s link").waitFor();
  const invitations = (await admin(gateway, "GET", "invitations")).body["data"] as unknown[];
  expect(invitations).toHaveLength(1);

  await page.goto(`${gateway.url}/credits`);
  await page.getByRole("button", { name: "Grant credits" }).first().click();
  await page.getByLabel("Amount").fill("5");
  for (let times = 0; times < 12; times++) await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await expect(page.getByRole("table", { name: "Grants" })).toContainText("$5");
  const grants = (await admin(gateway, "GET", "workspaces/ws_default/grants")).body["data"] as unknown[];
  expect(grants).toHaveLength(1);
});

test("a session that ends while a secret is shown ends for the page when it was stored", async ({ operator: page, gateway, browser }) => {
  await filled(page, gateway, "not yet stored");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const secret = await page.getByLabel("The secret", { exact: true }).inputValue();
  const other = await (await browser.newContext()).newPage();
  await other.goto(`${gateway.url}/sign-in`);
  await other.getByLabel("E-mail").fill(OPERATOR.email);
  await other.getByLabel("Password").fill(OPERATOR.password);
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.getByRole("heading", { name: "Overview" }).waitFor();
  await other.goto(`${gateway.url}/settings`);
  await other.getByRole("row").filter({ hasNotText: "this one" }).getByRole("button", { name: "End" }).first().click();
  await expect.poll(async () => (await page.request.get(`${gateway.url}/admin/v1/session`)).status()).toBe(401);
  // The page hears of it by what it asks for next.
  const refused = page.waitForResponse((response) => response.status() === 401);
  await made(gateway, "keys", { name: "heard of", environment: "sandbox" });
  await refused;
  await expect(page.getByLabel("The secret", { exact: true })).toHaveValue(secret);
  await page.getByLabel("I have stored it").click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await other.context().close();
});

test("what somebody else changes while a key is edited stays as they made it", async ({ operator: page, gateway }) => {
  const key = await made(gateway, "keys", { name: "shared", environment: "sandbox", description: "before", limits: [{ metric: "requests", window: "day", amount: 100 }] });
  const path = `keys/${String(key["id"])}`;
  await page.goto(`${gateway.url}/${path}`);
  await page.getByRole("button", { name: "Edit details" }).click();
  await admin(gateway, "PATCH", path, { limits: [{ metric: "requests", window: "day", amount: 7 }], description: "theirs" });
  await expect(page.getByText("Somebody changed it since you opened this")).toBeVisible();
  await page.getByRole("form").getByLabel("Name").fill("shared by two");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("form").waitFor({ state: "detached" });
  const { body } = await admin(gateway, "GET", path);
  expect([body["name"], body["description"], (body["limits"] as { amount: number }[])[0]!.amount]).toEqual(["shared by two", "theirs", 7]);

  // Nor is what they add to a list lost to who changes another line of it, and what they take away does not come back.
  await admin(gateway, "PATCH", path, { tags: ["first", "second"] });
  await expect(page.getByText("second", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Edit limits" }).click();
  await page.getByLabel("Amount of limit 1").fill("8");
  await admin(gateway, "PATCH", path, { limits: [{ metric: "requests", window: "day", amount: 7 }, { metric: "tokens", window: "day", amount: 5000 }] });
  await expect(page.getByText("Somebody changed it since you opened this")).toBeVisible();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("form").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Edit details" }).click();
  await page.getByRole("form").getByLabel("Tags").fill("mine");
  await page.keyboard.press("Enter");
  await admin(gateway, "PATCH", path, { tags: ["second", "theirs"] });
  await expect(page.getByText("Somebody changed it since you opened this")).toBeVisible();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("form").waitFor({ state: "detached" });
  const kept = (await admin(gateway, "GET", path)).body;
  expect((kept["limits"] as { metric: string; amount: number }[]).map(({ metric, amount }) => [metric, amount])).toEqual([["requests", 8], ["tokens", 5000]]);
  expect(kept["tags"]).toEqual(["second", "mine", "theirs"]);

  // And what they end cannot be changed.
  await page.getByRole("button", { name: "Edit details" }).click();
  await page.getByRole("form").getByLabel("Name").fill("too late");
  await admin(gateway, "DELETE", path);
  await expect(page.getByRole("form").getByRole("alert")).toContainText("revoked meanwhile");
  await expect(page.getByRole("button", { name: "Save changes" })).toBeDisabled();
});

test("a key that somebody else revoked says so where it was to be rotated or revoked", async ({ operator: page, gateway }) => {
  const ids: string[] = [];
  for (const name of ["gone while rotating", "gone while revoking"]) ids.push(String((await made(gateway, "keys", { name, environment: "sandbox" }))["id"]));
  for (const [id, button] of [[ids[0]!, "Rotate secret"], [ids[1]!, "Revoke key"]] as const) {
    await page.goto(`${gateway.url}/keys/${id}`);
    await page.getByRole("button", { name: button }).click();
    await admin(gateway, "DELETE", `keys/${id}`);
    if (button === "Revoke key") await page.getByRole("dialog").getByRole("textbox").fill("gone while revoking");
    await page.getByRole("dialog").getByRole("button", { name: button }).click();
    await expect(page.getByRole("dialog").getByRole("alert").or(page.getByText("is revoked.")).first()).toBeVisible();
    await expect(page.getByLabel("The secret", { exact: true })).toHaveCount(0);
  }
});

test("a workspace is changed by two people, each in what they changed", async ({ operator: page, gateway }) => {
  await page.goto(`${gateway.url}/settings`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await admin(gateway, "PATCH", "workspaces/ws_default", { limits: [{ metric: "requests", window: "day", amount: 5000 }] });
  await page.getByRole("dialog").getByLabel("Name").fill("renamed");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { body } = await admin(gateway, "GET", "workspaces/ws_default");
  expect(body["name"]).toBe("renamed");
  expect((body["limits"] as { amount: number }[])[0]!.amount).toBe(5000);
});

test("a profile's rules are changed by two people, each in what they changed", async ({ operator: page, gateway }) => {
  const profile = await made(gateway, "profiles", { name: "rules of two", environment: "sandbox" });
  const path = `profiles/${String(profile["id"])}`;
  await page.goto(`${gateway.url}/profiles?object=${String(profile["id"])}`);
  await page.getByLabel("Strategy").selectOption("cheapest");
  await admin(gateway, "PATCH", path, { tier_floor: "LIGHT" });
  await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("button", { name: "Save changes" })).toHaveCount(0);
  const { body } = await admin(gateway, "GET", path);
  expect([body["strategy"], body["tier_floor"]]).toEqual(["cheapest", "LIGHT"]);
});
