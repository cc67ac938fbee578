// The tour of README.md, done by its words: what is in bold is a word of the screen, what is in code
// is typed or sent, and the word before says what to do with it. Ends with what each door answered.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const given = JSON.parse(readFileSync(0, "utf8"));

const LOGIN = "agent@hirondelle.example";
const VERDICTS = {
  "Éligible": "eligible",
  "Plus tard": "eligible_le",
  "Non éligible": "non_eligible",
};
const MARK = /\*\*([^*]+)\*\*|`([^`]+)`/g;
const plain = (text) => text.replace(/[\s\u202f\u00a0]+/g, " ").replace(/’/g, "'").trim();

async function visible(page, selector, name) {
  for (const one of await page.locator(selector).all()) {
    const text = plain(await one.evaluate((element) => element.textContent));
    if (text.startsWith(plain(name)) && (await one.isVisible())) return one;
  }
  throw new Error(`no ${selector} is named « ${name} »`);
}

const leads = (page, found) => Promise.all([page.waitForNavigation(), found.click()]);

async function see(page, name) {
  const text = plain(await page.locator("main").innerText());
  if (!text.includes(plain(name))) throw new Error(`« ${name} » is not on ${page.url()}`);
}

async function ended(page, name) {
  await page.locator("live-part").waitFor({ state: "detached" });
  for (let looks = 0; looks < 300; looks += 1) {
    if ((await page.locator("main .tag").allInnerTexts()).includes(name)) return;
    await page.reload();
  }
  throw new Error(`no tag ever says ${name}`);
}

let typed = "";
const acts = {
  open: async (page, name) => leads(page, await visible(page, "nav.nav a, main a", name)),
  press: async (page, name) => leads(page, await visible(page, "main button", name)),
  unfold: async (page, name) => (await visible(page, "main summary", name)).click(),
  for: ended,
  under: async (page, name) => {
    const id = await (await visible(page, "main label", name)).getAttribute("for");
    await page.fill(`#${id}`, typed);
  },
  type: async (_, text) => (typed = text),
  choose: async (page, file) => page.setInputFiles("main input[type=file]", join(given.root, file)),
};

async function follow(page, step) {
  let from = 0;
  for (const mark of step.matchAll(MARK)) {
    const before = step.slice(from, mark.index).trim();
    const verb = before.split(/[\s.,:]+/).at(-1).toLowerCase();
    const act = acts[verb] ?? (mark[1] ? see : null);
    if (!act) throw new Error(`« ${verb} » of \`${mark[2]}\` means nothing`);
    await act(page, mark[1] ?? mark[2]);
    from = mark.index + mark[0].length;
  }
}

// Each offer of the page as a lot and the XML write it: code, verdict, day, motive.
async function offers(page) {
  const rows = await page.locator("main table.cards tbody tr:not(.why)").all();
  const told = [];
  for (const row of rows) {
    const code = await row.locator("td:first-child .mono").innerText();
    const tag = await row.locator("td:nth-child(4) > .tag").innerText();
    const motive = row.locator("td:nth-child(4) > small a.code");
    const why = (await motive.count()) > 0 ? await motive.first().innerText() : "";
    told.push([code, VERDICTS[tag.trim()], why].filter(Boolean).join(" "));
  }
  return told.join(" | ");
}

// The lines of the lot that is shown, from its file.
const lot = (page) =>
  page.evaluate(async () => {
    const answer = await fetch(`${location.pathname}?format=json`);
    return answer.json();
  });

const browser = await chromium.launch({
  executablePath: given.chromium,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "fr-FR" });
  const page = await context.newPage();
  const line = given.accounts.split("\n").find((text) => text.trim().startsWith(LOGIN));
  await page.goto(`${given.portal}/connexion`);
  await page.fill("#identifiant", LOGIN);
  await page.fill("#mot_de_passe", line.trim().slice(LOGIN.length).trim());
  await leads(page, page.locator("main button.primary"));
  const [test, reasons, file] = given.steps;
  await follow(page, test);
  await follow(page, reasons);
  const shown = await offers(page);
  await follow(page, file);
  const [known, unknown] = await lot(page);
  console.log(JSON.stringify({ page: shown, lot: known.offres, unknown: unknown.code }));
} finally {
  await browser.close();
}
