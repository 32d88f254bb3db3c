// Playwright and axe are packages of web/, so that there is one lock file for the browser's side.
export { type Browser, type BrowserContext, expect, type Locator, type Page, test as base } from "../../web/node_modules/@playwright/test";
export { AxeBuilder } from "../../web/node_modules/@axe-core/playwright";
