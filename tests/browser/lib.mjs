// What the browser tests share: a browser that notes every error, what is looked at on each page,
// and the steps of the journey as a person makes them.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// `require` honours NODE_PATH, `import` does not.
const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const COMMON = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const FLAGS = [...COMMON, "--disable-gpu"];
// A map is drawn by WebGL, here without a graphics card.
export const FLAGS_OF_MAPS = [...COMMON, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Only colours differ in the dark, and everything but colours on a small screen.
const LIGHT = { runOnly: RULES };
const DARK = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };
const SMALL = { runOnly: RULES, rules: { "color-contrast": { enabled: false } } };
const LOADS_MAX = 300;
const TAG_LOADS_MAX = 3_000;
export const IMPORT_MS_MAX = 10 * 60 * 1_000;
const WIDE = { width: 1280, height: 900 };
const PICTURE = { width: 1180, height: 720 };
const PICTURE_OF_MAP = { width: 1180, height: 980 };

// What the test says of the server and its territory.
export const given = JSON.parse(readFileSync(0, "utf8"));
const problems = new Set();
let scripted = true;

export function wrong(text) {
  problems.add(text);
}

export function check(condition, text) {
  if (!condition) wrong(text);
}

// Runs `steps` with a page of its own, then says what was wrong. A step that cannot be made is.
export async function browse(steps, { flags = FLAGS, ...options } = {}) {
  scripted = options.javaScriptEnabled !== false;
  const env = { ...process.env, LANGUAGE: "fr" };
  const browser = await chromium.launch({ executablePath: given.chromium, args: flags, env });
  try {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      locale: "fr-FR",
      timezoneId: "Europe/Paris",
      viewport: WIDE,
      ...options,
    });
    const page = await context.newPage();
    watch(context, page);
    if (process.env.EPISSURE_SLOW) await slow(context, page);
    try {
      await steps(page);
    } catch (error) {
      const text = await page.locator("body").innerText().catch(() => "");
      wrong(`${page.url()}: ${error.message}\n${text.slice(0, 2000)}`);
      await shot(page, "stopped");
    }
  } finally {
    await browser.close();
  }
  for (const problem of problems) console.log(`- ${problem}`);
  if (problems.size === 0) console.log("nothing wrong");
}

// Errors of scripts, violations of the content policy, requests to anybody else.
function watch(context, page) {
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== given.portal && !["data:", "blob:"].includes(protocol)) {
      wrong(`${page.url()} asks ${request.url()}`);
    }
  });
  page.on("pageerror", (error) => wrong(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    // A refused form is a page of its own, which the browser also calls an error.
    const refused = message.text().startsWith("Failed to load resource");
    const ofPage = message.location().url.split("#")[0] === page.url().split("#")[0];
    // A picture of the page makes the software card wait, and it complains.
    const slow = message.text().includes("GPU stall due to ReadPixels");
    if (["error", "warning"].includes(message.type()) && !(refused && ofPage) && !slow) {
      wrong(`${page.url()}: console: ${message.text()}`);
    }
  });
}

// A machine and a network far slower than ours: a step that only passes because the page is quick
// fails here first.
async function slow(context, page) {
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await session.send("Network.enable");
  const link = { offline: false, downloadThroughput: -1, uploadThroughput: -1, latency: 250 };
  await session.send("Network.emulateNetworkConditions", link);
}

async function shot(page, name) {
  if (!given.shots) return;
  mkdirSync(given.shots, { recursive: true });
  await page.screenshot({ path: join(given.shots, `${name}.png`), fullPage: true });
}

// The page once its map, if it has one, has drawn what there is to draw.
export async function drawn(page) {
  const map = page.locator("territory-map");
  if ((await map.count()) > 0) await page.locator("territory-map[data-ready]").waitFor();
}

// A picture for the documents, small enough for them; asked for by an environment variable. The
// page comes again at its size, without what was said once.
export async function picture(page, name) {
  if (!given.images) return;
  const isMap = (await page.locator("territory-map").count()) > 0;
  await page.setViewportSize(isMap ? PICTURE_OF_MAP : PICTURE);
  const { href, pathname, searchParams } = new URL(page.url());
  await page.goto(searchParams.has("fait") ? given.portal + pathname : href);
  await drawn(page);
  await page.screenshot({ path: join(given.images, name) });
  await page.setViewportSize(WIDE);
}

async function violations(page, options) {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(axe);
  const run = (asked) => globalThis.axe.run(document, asked);
  const result = await page.evaluate(run, options);
  return result.violations.map((violation) => {
    const nodes = violation.nodes.map((node) => node.target.join(" ")).slice(0, 3);
    return `${violation.id} at ${nodes.join(", ")}`;
  });
}

// What stands out of its panel.
async function overflowing(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll(".panel")]
      .filter((panel) => panel.scrollWidth > panel.clientWidth + 1)
      .map((panel) => panel.querySelector("h2")?.textContent.trim() ?? panel.className),
  );
}

// The page as it stands: no violation in light nor in dark, nothing wider than the screen.
export async function look(page, name) {
  for (const [colorScheme, rules] of Object.entries({ light: LIGHT, dark: DARK })) {
    await page.emulateMedia({ colorScheme });
    for (const found of await violations(page, rules)) wrong(`${name}, ${colorScheme}: ${found}`);
    await shot(page, `${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  for (const width of [WIDE.width, 390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    const room = await page.evaluate("document.documentElement.scrollWidth");
    check(room <= width, `${name}: ${room} px wide on a screen of ${width} px`);
    for (const panel of await overflowing(page)) wrong(`${name}, ${width} px: ${panel} runs over`);
    if (width === 390) {
      for (const found of await violations(page, SMALL)) wrong(`${name}, ${width} px: ${found}`);
      await shot(page, `${name}-${width}`);
    }
  }
  await page.setViewportSize(WIDE);
}

export async function title(page) {
  return (await page.locator("h1").innerText()).trim();
}

export async function go(page, path) {
  const response = await page.goto(given.portal + path);
  return response.status();
}

export async function signIn(page, { login, password }) {
  await go(page, "/connexion");
  await page.fill("#identifiant", login);
  await page.fill("#mot_de_passe", password);
  await page.click("main button.primary");
}

// Sends a form, or goes where a link leads, and waits for the page that answers: one looked at
// sooner may be the one before. The button or the link by its selector, or found already.
export async function send(page, button) {
  const found = typeof button === "string" ? page.locator(button).first() : button;
  await Promise.all([page.waitForNavigation(), found.click()]);
}

// Fields of a form, by their names.
export async function fill(page, form, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`${form} [name="${name}"]`);
    if ((await field.first().getAttribute("type")) === "radio") {
      await page.locator(`${form} [name="${name}"][value="${value}"]`).check();
    } else if ((await field.evaluate((one) => one.tagName)) === "SELECT") {
      await field.selectOption(value);
    } else {
      await field.fill(value);
    }
  }
}

// Loads the page again until it says `text`: what comes is made by the server on its own.
export async function waitFor(page, text) {
  const main = page.locator("main");
  for (let loaded = 0; !(await main.innerText()).includes(text); loaded += 1) {
    if (loaded === LOADS_MAX) throw new Error(`the page never says ${text}`);
    await page.reload();
  }
}

// The same for the word of a tag, which other words of the page may hold. A page of what is under
// way brings itself again; imports give way to everything else, these tests and builds included.
export async function waitForTag(page, word) {
  const tags = page.locator("main .tag");
  for (let loaded = 0; ; loaded += 1) {
    if (scripted) {
      await page.locator("live-part").waitFor({ state: "detached", timeout: IMPORT_MS_MAX });
    }
    if ((await tags.allInnerTexts()).includes(word)) return;
    if (loaded === TAG_LOADS_MAX) throw new Error(`no tag ever says ${word}`);
    await page.reload();
  }
}

// Somebody else at the same browser.
export async function become(page, who) {
  await page.context().clearCookies();
  await signIn(page, who);
  await page.waitForURL((url) => url.pathname !== "/connexion");
}
