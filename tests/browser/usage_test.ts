import { made } from "./admin";
import { clean } from "./axe";
import { call, createKey, expect, test } from "./gateway";

test("usage is filtered by how requests ended, on the server and in the CSV", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "ended");
  for (const model of ["sandbox/echo", "sandbox/error-500"]) await call(gateway, secret, model);
  await page.goto(`${gateway.url}/usage?key=ended`);
  const rows = page.getByRole("table", { name: "Requests" }).locator("tbody tr");
  await expect(rows).toHaveCount(2);
  await page.getByRole("button", { name: "Status" }).click();
  const asked = page.waitForRequest((request) => request.url().includes("/admin/v1/usage?") && request.url().includes("status=5xx"));
  await page.getByRole("menuitemradio", { name: "Failed, 5xx" }).click();
  await asked;
  await expect(page).toHaveURL(/status=5xx/);
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("sandbox/error-500");
  await expect(page.getByRole("link", { name: "CSV" })).toHaveAttribute("href", /status=5xx/);
  await page.goto(`${gateway.url}/usage?key=ended&status=provider_timeout`);
  await expect(page.getByText("No request fits these filters")).toBeVisible();
});

test("usage finds a key by its name, however many there are, and a model by a part of its id", async ({ operator: page, gateway }) => {
  const wanted = await createKey(page, gateway, "needle-of-usage");
  const other = await createKey(page, gateway, "hay-of-usage");
  for (const secret of [wanted, other, other]) await call(gateway, secret);
  await page.goto(`${gateway.url}/usage`);
  const rows = page.getByRole("table", { name: "Requests" }).locator("tbody tr");
  await expect(rows.first()).toBeVisible();
  const key = page.getByRole("button", { name: "Key", exact: true });
  await key.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox", { name: "Find a key by its name" })).toBeFocused();
  await clean(page, "finding a key");
  await page.keyboard.type("needle-of");
  await expect(page.getByRole("option")).toHaveText([/^needle-of-usage/]);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/key=key_/);
  await expect(rows).toHaveCount(1);
  const chosen = page.getByRole("button", { name: "Key needle-of-usage" });
  await expect(chosen).toBeFocused();
  await page.getByRole("button", { name: "Remove the filter Key" }).click();
  await expect(page).not.toHaveURL(/key=/);
  await page.getByRole("button", { name: "Model", exact: true }).click();
  await page.keyboard.type("ECHO");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Model", exact: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.type("ECHO");
  await page.getByRole("option", { name: "sandbox/echo" }).click();
  await expect(page).toHaveURL(/model=sandbox/);
});

test("a request says how its offer was chosen, or why there was nothing to choose", async ({ operator: page, gateway }) => {
  const model = (id: string, price: string) => ({ id, upstream_model: "m", prices: { input: price, output: price } });
  const provider = { dialect: "openai", base_url: "http://127.0.0.1:9/v1", allow_private: true };
  await made(gateway, "providers", { ...provider, id: "near", models: [model("shop/both", "1"), model("shop/one", "1")] });
  await made(gateway, "providers", { ...provider, id: "far", models: [model("shop/both", "2")] });
  const live = String((await made(gateway, "keys", { name: "chooses", environment: "production" }))["secret"]);
  const simulated = String((await made(gateway, "keys", { name: "is simulated", environment: "sandbox" }))["secret"]);
  for (const [secret, asked, told] of [
    [live, "shop/both", "2 offers could serve it"],
    [live, "shop/one", "The request named its model, and none of its offers was dropped."],
    [simulated, "shop/both", "The sandbox answers this key, whatever model it names; there was nothing to choose."],
  ] as const) {
    await call(gateway, secret, asked);
    await page.goto(`${gateway.url}/usage?model=${asked}`);
    await page.getByRole("row").nth(1).click();
    const routing = page.getByRole("dialog").locator("section").filter({ has: page.getByRole("heading", { name: "Routing" }) });
    await expect(routing).toContainText(told);
    await expect(routing.getByText("first choice")).toHaveCount(asked === "shop/both" && secret === live ? 1 : 0);
    await clean(page, told);
  }
});
