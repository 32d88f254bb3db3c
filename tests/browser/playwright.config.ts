// Every flow against the real binary (TOLLGATE_BINARY) in Debian's Chromium.
export default {
  testDir: ".",
  testMatch: "*_test.ts",
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  retries: 0,
  reporter: [["line"]],
  outputDir: "../../build/browser",
  use: {
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium" },
    viewport: { width: 1440, height: 900 },
    actionTimeout: 10_000,
    trace: "retain-on-failure",
  },
};
