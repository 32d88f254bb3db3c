// What happens shows as it happens, and a page whose stream is refused shows it a little later.
import { call, createKey, expect, test } from "./gateway";

// Well below what pages wait when they ask by themselves.
const AT_ONCE = { timeout: 4_000 };

test("requests show on the overview and move a key's counter without being asked for", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "watched");
  const row = page.getByRole("listitem").filter({ hasText: "watched" });
  await expect(row).toContainText("waiting for its first request");
  await expect(page.getByTitle("Changes show as they happen")).toBeVisible();
  expect((await call(gateway, secret)).status).toBe(200);
  await expect(row.getByTitle("1 request", { exact: true })).toBeVisible(AT_ONCE);
  const refused = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` }, body: "{" });
  expect(refused.status).toBe(400);
  await expect(row.getByTitle("2 requests", { exact: true })).toBeVisible(AT_ONCE);

  await page.goto(gateway.url);
  await expect(page.getByText("● Live")).toBeVisible();
  const feed = page.locator("section").filter({ hasText: "Last requests" });
  expect((await call(gateway, secret, "sandbox/lorem")).status).toBe(200);
  await expect(feed).toContainText("sandbox/lorem", AT_ONCE);
});

test("without a stream pages ask every few seconds", async ({ operator: page, gateway }) => {
  await page.route("**/admin/v1/events*", (route) => route.fulfill({ status: 503, contentType: "application/json", body: "{}" }));
  const secret = await createKey(page, gateway, "asked-for");
  const row = page.getByRole("listitem").filter({ hasText: "asked-for" });
  await expect(page.getByText("Every few seconds")).toBeVisible();
  expect((await call(gateway, secret)).status).toBe(200);
  await expect(row.getByTitle("1 request", { exact: true })).toBeVisible({ timeout: 9_000 });
});

test("a page that nobody touches says so of what it asks for, until somebody does", async ({ operator: page, gateway }) => {
  await page.clock.install();
  await page.goto(gateway.url);
  await expect(page.getByText("● Live")).toBeVisible();
  const after = async (minutes: string) => {
    const answered = page.waitForResponse(/\/admin\/v1\/overview/);
    await page.clock.fastForward(minutes);
    const answer = await answered;
    await answer.finished();
    return answer.request().headers()["x-tollgate-unattended"];
  };
  await page.mouse.move(10, 10);
  expect(await after("04:30")).toBeUndefined();
  expect(await after("01:00")).toBe("true");
  await page.mouse.move(20, 20);
  expect(await after("01:00")).toBeUndefined();
});
