// The pictures of README and guides, from a running demonstration: `cargo xtask images`.

import { readFileSync } from "node:fs";
import { request } from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const given = JSON.parse(readFileSync(0, "utf8"));

const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
// As each is shown; the name of the picture tells which.
const SHOWN = {
  claire: { viewport: WIDE, colorScheme: "light" },
  sombre: { viewport: WIDE, colorScheme: "dark" },
  mobile: { viewport: PHONE, colorScheme: "light" },
};

// Every page: its picture's name, whose it is, and how one gets there.
const AGENT = "agent@hirondelle.example";
const STAFF = "exploitation@deuxvallees.example";
const PAGES = [
  ["tableau", AGENT, (page) => go(page, "/")],
  ["eligibilite", AGENT, eligibility],
  ["adresses", AGENT, (page) => go(page, "/adresses?q=2+rue+des+tilleuls+val+de+lierre")],
  ["lot", AGENT, firstOf("/eligibilite/lots", "main tbody a")],
  ["veilles", AGENT, (page) => go(page, "/eligibilite/veilles")],
  ["anomalies", STAFF, (page) => go(page, "/oi/anomalies")],
  ["developpeurs", AGENT, (page) => go(page, "/developpeurs")],
  ["appels", AGENT, (page) => go(page, "/developpeurs/appels")],
  ["appel", AGENT, firstOf("/developpeurs/appels?resultat=fault", "main tbody a")],
  ["commande", AGENT, firstOf("/commandes", "main tbody a")],
];

const go = (page, path) => page.goto(given.portal + path);

async function eligibility(page) {
  await go(page, "/eligibilite");
  await page.fill("#q", "2 ru des tileul, val de liere");
  await Promise.all([page.waitForNavigation(), page.click("main form.criteria button.primary")]);
}

function firstOf(list, link) {
  return async (page) => {
    await go(page, list);
    const first = page.locator(link).first();
    await Promise.all([page.waitForNavigation(), first.click()]);
  };
}

// Calls for the pages of developers: a test, an order, and a message that leaves its contract.
async function calls() {
  const access = (name) => readFileSync(join(given.access, name));
  const test = access("tester-eligibilite.xml").toString();
  const wrong = test.replaceAll("IdentifiantImmeuble", "Immeuble");
  await sent("eligibilite", wrong.replace(/(IdentifiantRequete>)/, "$1faux-"));
  await sent("eligibilite", test);
  await sent("fci", access("deposer-commande.xml"));
}

function sent(service, message) {
  const [cert, key] = ["pem", "key"].map((end) => join(given.access, `hirondelle.${end}`));
  const options = {
    method: "POST",
    headers: { "content-type": "text/xml" },
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(join(given.access, "ca.pem")),
  };
  return new Promise((done, failed) => {
    const asked = request(`${given.xml}/${service}`, options, (answer) => {
      answer.resume();
      answer.on("end", done);
    });
    asked.on("error", failed);
    asked.end(message);
  });
}

async function signIn(page, login) {
  const line = given.accounts.split("\n").find((text) => text.trim().startsWith(login));
  await go(page, "/connexion");
  await page.fill("[name=identifiant]", login);
  await page.fill("[name=mot_de_passe]", line.trim().slice(login.length).trim());
  await Promise.all([page.waitForNavigation(), page.click("main form button.primary")]);
}

async function drawn(page) {
  const map = page.locator("territory-map");
  if ((await map.count()) > 0) await page.locator("territory-map[data-ready]").waitFor();
}

await calls();
const browser = await chromium.launch({ executablePath: given.chromium, args: FLAGS });
try {
  for (const [how, options] of Object.entries(SHOWN)) {
    const wanted = PAGES.filter(([name]) => `${name}-${how}`.includes(given.only));
    for (const login of new Set(wanted.map(([, login]) => login))) {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        locale: "fr-FR",
        timezoneId: "Europe/Paris",
        ...options,
      });
      const page = await context.newPage();
      await signIn(page, login);
      for (const [name, , reach] of wanted.filter((one) => one[1] === login)) {
        await reach(page);
        await drawn(page);
        await page.screenshot({ path: join(given.images, `${name}-${how}.png`) });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
