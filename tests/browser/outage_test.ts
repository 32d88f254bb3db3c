// A gateway that goes and comes back, answers that are none of its own, and a browser whose clock is wrong.
import { made } from "./admin";
import { call, createKey, expect, newDirectory, OPERATOR, removeDirectory, signedIn, start, test, watched } from "./gateway";
import { PAGES, visit } from "./pages";
import type { Page } from "./playwright";

const GONE = /The gateway does not answer/;
const DAY_MS = 86_400_000;

test("while the gateway is gone every page says so in one line, and goes on by itself when it is back", async ({ page }) => {
  test.setTimeout(120_000);
  const data = newDirectory();
  const first = await start(data);
  try {
    const complaints = watched(page, first.url);
    await signedIn(page, first);
    const { secret } = (await made(first, "keys", { name: "survivor", environment: "sandbox" })) as { secret: string };
    // Live events go on showing what happens on this one; the trail is read when it is asked for and not again.
    await page.getByRole("link", { name: "Audit" }).click();
    await expect(page.getByRole("table", { name: "Changes" })).toContainText("survivor");
    await first.stop();
    await expect(page.getByText(GONE)).toBeVisible();
    await expect(page.getByRole("table", { name: "Changes" })).toContainText("survivor");
    await page.getByRole("link", { name: "Members" }).click();
    await expect(page.getByText(GONE)).toBeVisible();
    await page.getByRole("link", { name: "Overview" }).click();
    await expect(page.getByRole("alert")).toHaveCount(0);
    const again = await start(data, new URL(first.url).host);
    try {
      await expect(page.getByText(GONE)).toHaveCount(0);
      expect((await call(again, secret)).status).toBe(200);
      await expect(page.getByRole("table", { name: "Requests", exact: true }).getByRole("row").nth(1)).toContainText("survivor");
      await page.getByRole("link", { name: "Members" }).click();
      await expect(page.getByRole("table", { name: "Members" }).or(page.getByText("No member yet")).first()).toBeVisible();
      expect(complaints).toEqual([]);
    } finally {
      await again.stop();
    }
  } finally {
    removeDirectory(data);
  }
});

test("what is lost on the way out of the gateway is asked for once more, and only then made", async ({ operator: page, gateway }) => {
  await page.goto(`${gateway.url}/keys?create=true`);
  await page.route("**/admin/v1/keys?*", (route) => (route.request().method() === "POST" ? route.abort() : route.fallback()));
  await page.getByLabel("Name", { exact: true }).fill("second attempt");
  await page.getByRole("dialog").getByText("Sandbox", { exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("The gateway cannot be reached");
  await page.unroute("**/admin/v1/keys?*");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await expect(page.getByLabel("The secret")).toHaveValue(/^sk-tg-test-/);
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
});

test("an answer that something else gave is told as such, with a way on", async ({ operator: page, gateway }) => {
  await page.route("**/admin/v1/keys?*", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<h1>Log in to the hotel</h1>" }));
  await page.goto(`${gateway.url}/keys`);
  await expect(page.getByRole("alert")).toContainText("not one of the gateway’s");
  await page.unroute("**/admin/v1/keys?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.route("**/admin/v1/models?*", (route) => route.fulfill({ status: 500, contentType: "text/html", body: "<h1>Oops</h1>" }));
  await page.getByRole("link", { name: "Models" }).click();
  await expect(page.getByRole("alert")).toContainText("answered 500");
});

// Not `operator`: React tells the console of a page that failed.
test("a page that is told what nobody expects fails alone, and can be tried again", async ({ page, gateway }) => {
  await signedIn(page, gateway);
  for (const [place, route] of [["Members", "**/admin/v1/members?*"], ["Usage", "**/admin/v1/usage?*"], ["Providers", "**/admin/v1/providers?*"]] as const) {
    await page.route(route, (one) => one.fulfill({ status: 200, contentType: "application/json", body: '{"data": [null], "next_cursor": 7}' }));
    await page.getByRole("link", { name: place }).click();
    await expect(page.getByRole("heading", { name: "This page made a mistake" })).toBeVisible();
    await expect(page.getByRole("navigation", { name: "Pages" }).first()).toBeVisible();
    await page.unroute(route);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: place, level: 1 })).toBeVisible();
  }
});

// The browser's clock, not the computer's.
const shifted = (page: Page, ms: number) =>
  page.addInitScript((by) => {
    const Real = Date;
    class Shifted extends Real {
      constructor(...parameters: []) {
        super(...((parameters.length ? parameters : [Real.now() + by]) as []));
      }
      static override now() {
        return Real.now() + by;
      }
    }
    window.Date = Shifted as DateConstructor;
  }, ms);

for (const [name, ms] of [["a day ahead", DAY_MS], ["a day behind", -DAY_MS]] as const) {
  test(`a browser whose clock is ${name} shows and asks for the gateway's times`, async ({ page, gateway }) => {
    await shifted(page, ms);
    await signedIn(page, gateway);
    const secret = await createKey(page, gateway, `clock ${name}`);
    expect((await call(gateway, secret)).status).toBe(200);
    await page.getByRole("link", { name: "Overview" }).first().click();
    await expect(page.getByRole("table", { name: "Requests", exact: true }).getByRole("row").nth(1).getByRole("time")).toHaveText(/^(just now|\d+ s ago)$/);

    await page.goto(`${gateway.url}/keys?create=true`);
    await page.getByLabel("Name", { exact: true }).fill(`expires ${name}`);
    await page.getByRole("dialog").getByText("Sandbox", { exact: true }).click();
    await page.getByRole("button", { name: /^Expiry/ }).click();
    await page.getByRole("dialog").getByLabel("Expires").selectOption("7d");
    const made = page.waitForResponse((response) => response.request().method() === "POST" && response.url().includes("/admin/v1/keys?"));
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    const key = (await (await made).json()) as { expires_at: string };
    expect(Math.abs(Date.parse(key.expires_at) - Date.now() - 7 * DAY_MS)).toBeLessThan(60_000);
    await page.getByLabel("I have stored it").check();
    await page.getByRole("button", { name: "Done" }).click();

    await page.goto(`${gateway.url}/playground`);
    await page.getByLabel("Prompt").fill("Hello");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("link", { name: "Route and price" }).waitFor();
    await page.getByLabel("Prompt").fill("And again");
    const [request] = await Promise.all([page.waitForRequest("**/v1/chat/completions"), page.getByRole("button", { name: "Send" }).click()]);
    expect((await (await request.response())!.allHeaders())["x-tollgate-generation-id"]).toBeTruthy();
  });
}

test("every page stands where it is UTC+14, and tells days in UTC", async ({ browser, gateway }) => {
  test.setTimeout(120_000);
  const page = await (await browser.newContext({ timezoneId: "Pacific/Kiritimati" })).newPage();
  const complaints = watched(page, gateway.url);
  await signedIn(page, gateway);
  for (const stop of PAGES) await visit(page, gateway.url, stop);
  await page.goto(`${gateway.url}/audit?from=${new Date().toISOString().slice(0, 10)}`);
  await expect(page.getByRole("table", { name: "Changes" }).getByRole("row").nth(1)).toContainText("key.");
  await expect(page.getByRole("table", { name: "Changes" }).getByRole("time").first()).toHaveAttribute("title", / UTC$/);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("the way to a page leads on after signing in, and is not left behind", async ({ browser, gateway, operator }) => {
  await operator.close();
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${gateway.url}/models?search=nothing`);
  await page.getByLabel("E-mail").fill(OPERATOR.email);
  await page.getByLabel("Password").fill(OPERATOR.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(/\/models\?search=nothing/);
  await page.getByRole("link", { name: "Members" }).click();
  await page.goBack();
  await expect(page).toHaveURL(/\/models\?search=nothing/);
  await expect(page.getByRole("heading", { name: "Models" })).toBeVisible();
  await page.context().close();
});

test("a browser that takes itself for offline asks all the same, and says so once where nothing answers", async ({ operator: page, gateway, context }) => {
  await page.goto(`${gateway.url}/keys?create=true`);
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await page.getByLabel("Name", { exact: true }).fill("no internet here");
  await page.getByRole("dialog").getByText("Sandbox", { exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await expect(page.getByLabel("The secret", { exact: true })).toHaveValue(/^sk-tg-test-/);
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await context.setOffline(true);
  await expect(page.getByText(GONE)).toBeVisible({ timeout: 45_000 });
  await expect(page.getByRole("listitem").filter({ hasText: "no internet here" })).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText(GONE)).toHaveCount(0);
});
