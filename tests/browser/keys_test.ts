import { made } from "./admin";
import { call, createKey, expect, test, watched } from "./gateway";
import { overflow } from "./pages";

test("a new operator gets from the printed link to a first call whose counter moves", async ({ page, untouched: gateway }) => {
  const complaints = watched(page, gateway.url);
  await page.goto(gateway.setup);
  // The token is out of the address before anything else happens.
  await expect(page).toHaveURL(`${gateway.url}/setup`);
  await page.getByLabel("Your name").fill("Operator");
  await page.getByLabel("E-mail").fill("operator@example.com");
  await page.getByLabel("Password").fill("four calm words here");
  await page.getByRole("button", { name: "Create operator" }).click();
  await page.getByRole("button", { name: "Use the sandbox" }).click();
  await page.getByLabel("Name").fill("first-key");
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = await page.getByLabel("The secret", { exact: true }).inputValue();
  expect(secret).toMatch(/^sk-tg-test-[0-9A-Za-z]{37}$/);
  await expect(page.getByRole("button", { name: "Go to the dashboard" })).toBeDisabled();
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Go to the dashboard" }).click();

  const row = page.getByRole("listitem").filter({ hasText: "first-key" });
  await expect(row.getByTitle("0 requests", { exact: true })).toBeVisible();
  expect((await call(gateway, secret)).status).toBe(200);
  await expect(row.getByTitle("1 request", { exact: true })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("by keyboard alone: create, copy, use, rotate, revoke", async ({ operator: page, gateway, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { keyboard } = page;
  const focusOn = async (role: "button" | "menuitem" | "link" | "tab", name: string | RegExp) => {
    const wanted = page.getByRole(role, { name }).first();
    for (let step = 0; step < 80; step += 1) {
      if (await wanted.evaluate((element) => element === document.activeElement).catch(() => false)) return;
      await keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${role} ${name}`);
  };
  await keyboard.press("Control+k");
  await expect(page.getByRole("combobox")).toBeFocused();
  await keyboard.type("create key");
  await expect(page.getByRole("option").first()).toContainText("Create key");
  await keyboard.press("Enter");
  await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
  await keyboard.type("by-keyboard");
  await keyboard.press("Tab");
  await keyboard.press("ArrowRight");
  await keyboard.press("Enter");

  await expect(page.getByLabel("The secret", { exact: true })).toBeFocused();
  await focusOn("button", "Copy");
  await keyboard.press("Enter");
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  await focusOn("button", "Done");
  await keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect((await call(gateway, secret)).status).toBe(200);

  await keyboard.press("j");
  await expect(page.getByRole("link", { name: "by-keyboard" })).toBeFocused();
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "by-keyboard", level: 1 }).waitFor();
  await focusOn("button", "Rotate secret");
  await keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await focusOn("button", "Rotate secret");
  await keyboard.press("Enter");
  await expect(page.getByLabel("The secret", { exact: true })).toBeFocused();
  await focusOn("button", "Copy");
  await keyboard.press("Enter");
  await focusOn("button", "Done");
  await keyboard.press("Enter");
  await expect(page.getByText(/Still in use|Safe to retire/)).toBeVisible();

  await focusOn("button", "Revoke key");
  await keyboard.press("Enter");
  await keyboard.type("by-keyboard");
  await keyboard.press("Enter");
  await expect(page).toHaveURL(/\/keys$/);
  await expect(page.getByRole("link", { name: "by-keyboard" })).toHaveCount(0);
  expect((await call(gateway, secret)).status).toBe(401);
});

test("a toggle is seen at once, and put back with the reason when it is refused", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "toggled");
  await page.getByRole("switch", { name: "Disable toggled" }).click();
  await expect(page.getByRole("switch", { name: "Enable toggled" })).toBeVisible();
  await expect.poll(async () => (await call(gateway, secret)).status).toBe(401);
  await page.route("**/admin/v1/keys/key_*", (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 503, contentType: "application/json", body: JSON.stringify({ error: { message: "The store is away.", code: "service_unavailable", request_id: "req_tried" } }) })
      : route.fallback(),
  );
  await page.getByRole("switch", { name: "Enable toggled" }).click();
  await expect(page.getByRole("alert")).toContainText("The store is away.");
  await expect(page.getByRole("alert")).toContainText("req_tried");
  await expect(page.getByRole("switch", { name: "Enable toggled" })).not.toBeChecked();
});

test("search and filters stand in the URL, and are the server's", async ({ operator: page, gateway }) => {
  await createKey(page, gateway, "needle-one");
  await createKey(page, gateway, "hay");
  await page.getByLabel("Search keys").fill("needle");
  await expect(page).toHaveURL(/search=needle/);
  await expect(page.getByRole("link", { name: "hay" })).toHaveCount(0);
  await page.getByRole("button", { name: "Disabled" }).click();
  await expect(page).toHaveURL(/status=disabled/);
  await expect(page.getByText("No key fits these filters")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Search keys")).toHaveValue("needle");
  await expect(page.getByText("No key fits these filters")).toBeVisible();
});

test("columns sort, tabs count, and the URL keeps both", async ({ operator: page, gateway }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const busy = await createKey(page, gateway, "sorting-busy");
  await createKey(page, gateway, "sorting-idle");
  for (let i = 0; i < 2; i += 1) await call(gateway, busy);
  await page.goto(`${gateway.url}/keys?search=sorting-`);
  const names = page.getByRole("list", { name: "Keys" }).getByRole("link");
  await expect(names).toHaveText(["sorting-idle", "sorting-busy"]);
  await page.getByRole("button", { name: "Sort by requests" }).click();
  await expect(page).toHaveURL(/sort=requests/);
  await expect(names).toHaveText(["sorting-busy", "sorting-idle"]);
  await page.getByRole("button", { name: "Sort by requests" }).click();
  await expect(page).toHaveURL(/order=asc/);
  await expect(names).toHaveText(["sorting-idle", "sorting-busy"]);
  await page.reload();
  await expect(names).toHaveText(["sorting-idle", "sorting-busy"]);
  await page.getByRole("switch", { name: "Disable sorting-idle" }).click();
  await expect(page.getByRole("button", { name: "Disabled 1" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Active 1" })).toBeVisible();
  await expect(page.getByRole("button", { name: "All 2" })).toBeVisible();
});

test("a name that is taken is told as somebody types", async ({ operator: page, gateway }) => {
  await createKey(page, gateway, "taken");
  await page.goto(`${gateway.url}/keys?create=true`);
  await page.getByLabel("Name", { exact: true }).fill("taken");
  await expect(page.getByText("Another key has this name.")).toBeVisible();
});

test("a key that was just made is marked until its first request, and counted beside the page's name", async ({ operator: page, gateway }) => {
  const link = page.getByRole("navigation").getByRole("link", { name: /^API keys/ }).first();
  await page.goto(`${gateway.url}/keys`);
  await expect(link).toContainText(/\d/);
  const before = Number(/\d+/.exec(await link.innerText())![0]);
  const secret = await createKey(page, gateway, "marked");
  await expect(link).toContainText(String(before + 1));
  const row = page.getByRole("listitem").filter({ hasText: "marked" });
  await expect(row).toContainText("waiting for its first request");
  // The mark outlives a look elsewhere.
  await row.getByRole("link", { name: "marked" }).click();
  await page.getByRole("heading", { name: "marked", level: 1 }).waitFor();
  await page.goBack();
  await expect(row).toContainText("waiting for its first request");
  expect((await call(gateway, secret)).status).toBe(200);
  await expect(row).not.toContainText("waiting for its first request");
});

test("when a spent limit turns is read at any width, and nothing of a row is cut off", async ({ operator: page, gateway }) => {
  const key = await made(gateway, "keys", { name: "spent", environment: "sandbox", tags: ["one", "two"], limits: [{ metric: "cost", window: "month", amount: "10" }, { metric: "requests", window: "day", amount: 1 }] });
  expect((await call(gateway, String(key["secret"]))).status).toBe(200);
  await made(gateway, "keys", { name: "manager", type: "management", role: "viewer" });
  // The longest of the times that are left.
  await page.route("**/admin/v1/keys?*", async (route) => {
    const response = await route.fetch();
    const list = (await response.json()) as { data: { limits: { window: string; resets_at: string | null }[] }[] };
    const soon = new Date(Date.now() + 59.5 * 60_000).toISOString();
    for (const limit of list.data.flatMap((one) => one.limits)) if (limit.window === "day") limit.resets_at = soon;
    await route.fulfill({ response, json: list });
  });
  for (const width of [2560, 1440, 1280, 1024, 768, 390, 360]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${gateway.url}/keys`);
    const row = page.getByRole("listitem").filter({ hasText: "spent" });
    const limit = row.getByText(/^of 1 request \/ day · resets \d+ min$/);
    await expect(limit, `at ${width} px`).toBeVisible();
    const cut = (text: typeof limit) => text.evaluate((element) => element.scrollWidth - element.clientWidth);
    expect(await cut(limit), `the limit at ${width} px`).toBeLessThanOrEqual(0);
    await expect(row.getByText("+1", { exact: true })).toHaveAttribute("title", /used, .* of \$10 \/ month/);
    const manager = page.getByRole("listitem").filter({ hasText: "manager" }).getByText("Management", { exact: true });
    const box = (await manager.boundingBox())!;
    expect(box.x + box.width, `“Management” at ${width} px`).toBeLessThanOrEqual((await manager.locator("xpath=..").boundingBox())!.x + (await manager.locator("xpath=..").boundingBox())!.width + 0.5);
    expect(await overflow(page), `${width} px`).toBeLessThanOrEqual(0);
    const [first, last] = await Promise.all(["Environment", "Sort"].map((name) => page.getByRole("button", { name, exact: true }).boundingBox()));
    expect(last!.y, `the filters at ${width} px`).toBe(first!.y);
  }
});

test("a link followed from far down a page leads to the top of the next one, for the eye and for the keyboard", async ({ operator: page, gateway }) => {
  for (let at = 0; at < 12; at += 1) await made(gateway, "keys", { name: `far down ${at}`, environment: "sandbox" });
  await page.setViewportSize({ width: 1280, height: 400 });
  for (const preloaded of [false, true]) {
    await page.goto(`${gateway.url}/keys`);
    const link = page.getByRole("link", { name: /^far down/ }).last();
    await link.waitFor();
    if (preloaded) await link.hover();
    await page.evaluate(() => window.scrollTo(0, 300));
    await link.focus();
    expect(await page.evaluate(() => scrollY)).toBeGreaterThan(0);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^far down/, level: 1 }).waitFor();
    await expect(page.getByRole("main")).toBeFocused();
    expect(await page.evaluate(() => scrollY)).toBe(0);
  }
});
