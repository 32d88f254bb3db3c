/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// A running gateway for `npm run dev`.
const gateway = process.env["TOLLGATE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      "@": source("./src"),
      // Radix locks the page behind a dialog with this package, which writes a <style> element that
      // our Content-Security-Policy forbids (docs/adr/0019-the-dashboard.md).
      "react-remove-scroll": source("./src/ui/scroll_lock.tsx"),
    },
  },
  build: {
    target: "es2022",
    // A data: URL would need a wider policy, and an inline module-preload script is forbidden by it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/admin/v1": gateway, "/v1": gateway, "/openapi.yaml": gateway } },
  test: { include: ["src/**/*_test.ts", "src/**/*_test.tsx"] },
});
