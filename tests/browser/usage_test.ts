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
