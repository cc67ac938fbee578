// The whole journey of an operator's agent, every page and state of it looked at.

import { readFileSync } from "node:fs";

import { browse, check, fill, given, go, look, send, signIn, title, waitFor } from "./lib.mjs";

const { places } = given;
const ELIGIBILITY = "main form.criteria";
const ORDER = 'main form[action="/commandes"]';
const CUSTOMER = { NomClient: "Garnier", PrenomClient: "Élise", ContactClient1: "0261910001" };

async function ask(page, criterion, fields) {
  await go(page, "/eligibilite");
  await page.locator(`${ELIGIBILITY} .segments label:has([value=${criterion}])`).click();
  await fill(page, ELIGIBILITY, fields);
  await send(page, `${ELIGIBILITY} button.primary`);
}

const byBuilding = (page, place) =>
  ask(page, "immeuble", { IdentifiantImmeuble: place.building });

async function verdict(page, wanted) {
  const text = await page.locator(".verdict").innerText();
  check(wanted.test(text), `${page.url()}: the verdict is ${text}`);
}

async function signInPages(page) {
  await go(page, "/commandes");
  check(page.url().includes("/connexion"), "a stranger sees the orders");
  await look(page, "sign-in");
  await signIn(page, { ...given.reader, password: "une erreur de frappe" });
  await look(page, "sign-in-refused");
  await signIn(page, given.agent);
  check((await title(page)).length > 0 && page.url() === `${given.portal}/`, "not signed in");
  await look(page, "dashboard-empty");
  await go(page, "/commandes");
  await look(page, "orders-empty");
}

// The box that takes anything, and all it may lead to.
async function searchBox(page) {
  const [place] = places.buildable;
  const say = async (text, name, wanted) => {
    await go(page, "/eligibilite");
    await page.fill("#q", text);
    await send(page, `${ELIGIBILITY} button.primary`);
    const said = await page.locator("main").innerText();
    check(wanted.test(said), `${text}: ${said.slice(0, 400)}`);
    await look(page, name);
  };
  await go(page, "/eligibilite");
  await page.fill("#q", place.address);
  await page.waitForSelector("address-box li");
  await look(page, "search-suggestions");
  await say(place.address, "search-found", /Éligible/);
  const mistyped = place.address.replace(place.street, `${place.street}E`);
  await say(mistyped, "search-understood", /Compris/);
  const { number } = place;
  const absent = place.address.replace(number, "9871");
  await say(absent, "search-number", /numéro n’existe pas/);
  await say("0199999999", "search-unknown", /Inconnu/);
  await say("zzyzx", "search-nothing", /Adresse inconnue/);
  await say(place.building.toLowerCase(), "search-reference", /Compris[^]*Éligible/);
}

async function eligibility(page) {
  const [place] = places.buildable;
  await go(page, "/eligibilite");
  await look(page, "eligibility");
  await ask(page, "hexacle", { CodeAdresseImmeuble: place.hexacle });
  await verdict(page, /Éligible/);
  await ask(page, "adresse", {
    CodeInseeImmeuble: place.insee,
    CodeVoieRivoliImmeuble: place.rivoli,
    NumeroVoieImmeuble: place.number,
    ComplementNumeroVoieImmeuble: place.complement,
  });
  await verdict(page, /Éligible/);
  await byBuilding(page, place);
  await verdict(page, /Éligible/);
  await look(page, "eligibility-yes");
  const cases = {
    absent: /FIMP09/,
    later: /FIMP10/,
    saturated: /Éligible|FINT01/,
    held: /Éligible/,
  };
  for (const [name, wanted] of Object.entries(cases)) {
    await byBuilding(page, places[name][0]);
    await verdict(page, wanted);
    await look(page, `eligibility-${name}`);
  }
  const [shared] = places.shared;
  await ask(page, "hexacle", { CodeAdresseImmeuble: shared.hexacle });
  const text = await page.locator("main").innerText();
  check(/immeubles portent cette adresse/.test(text), "no choice");
  await look(page, "eligibility-choice");
  await page.locator("main .rows a").first().click();
  check((await page.locator(".verdict").count()) === 1, "the choice leads to no answer");
  await byBuilding(page, { building: "IMB/00000/X/ZZZZ" });
  await look(page, "eligibility-unknown");
}

// The structure of an address: found, narrowed, copied, printed, and each way it may not be found.
async function addresses(page) {
  const free = places.flats;
  const [shared] = places.shared;
  const tree = page.locator("address-tree");
  const leaves = tree.locator("li:visible");
  await go(page, "/adresses");
  await look(page, "addresses");
  await page.fill("#q", free.address);
  await page.waitForSelector("address-box li");
  await page.fill("#q", free.building);
  await send(page, "main form.filters button.primary");
  check(/telle qu’écrite dans le référentiel/.test(await page.locator("main").innerText()), "no tree");
  await look(page, "addresses-tree");
  const all = await tree.locator("li").count();
  await page.fill("#ReferencePrise", free.dwelling.pto.slice(3).toLowerCase());
  check((await leaves.count()) === 1, `${await leaves.count()} dwellings of ${all} have one PTO`);
  check((await page.locator("output").innerText()) === "1", "the count is not what is shown");
  await send(page, "main form#filtre button");
  check(/FIMP02/.test(await page.locator("main").innerText()), "part of a PTO is one");
  await look(page, "addresses-refused");
  await send(page, page.locator("main a", { hasText: "Voir toute la structure" }));
  await page.fill("#ReferencePrise", free.dwelling.pto);
  await send(page, "main form#filtre button");
  await tree.locator("details.menu summary").click();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await tree.locator("copy-button button").click();
  // Writing to the clipboard takes the time it takes; a copy that is never told stops the test.
  await tree.locator("copy-button", { hasText: "Copié" }).waitFor();
  const copied = await page.evaluate("navigator.clipboard.readText()");
  check(copied.includes(`ReferencePrise;${free.dwelling.pto}`), `copied: ${copied}`);
  await look(page, "addresses-actions");
  await page.emulateMedia({ media: "print" });
  check(!(await tree.locator("copy-button").isVisible()), "actions are printed");
  check((await leaves.count()) === 1, "the tree is not printed");
  await page.emulateMedia({ media: null });
  await send(page, tree.locator("li > .actions > a"));
  const pto = await page.inputValue(`${ORDER} [name=ReferencePrise]`);
  check(pto === free.dwelling.pto, `the form is prefilled with ${pto}`);
  await go(page, `/adresses?CodeAdresseImmeuble=${shared.hexacle}`);
  check((await page.locator("main .rows a").count()) > 1, "no choice of buildings");
  await look(page, "addresses-choice");
  await go(page, "/adresses?q=zzyzx");
  await look(page, "addresses-nothing");
}

async function order(page, place, reference, looked) {
  await byBuilding(page, place);
  await page.locator("main .verdict .actions a").click();
  const prefilled = await page.inputValue(`${ORDER} [name=IdentifiantImmeuble]`);
  check(prefilled === place.building, `the form is prefilled with ${prefilled}`);
  if (looked) await look(page, "order-new");
  await fill(page, ORDER, { ReferenceCommandePriseInterneOC: reference, ...CUSTOMER });
  await send(page, `${ORDER} button.primary`);
}

async function delivery(page) {
  await order(page, places.buildable[0], "OC-NAV-1", true);
  await waitFor(page, "Raccordement à faire");
  await look(page, "order-to-connect");
  const here = page.url();
  await go(page, "/");
  await look(page, "dashboard-waiting");
  await go(page, "/commandes?main=operateur");
  check((await references(page)).join() === "OC-NAV-1", "what the agent has to do is not shown");
  await page.goto(here);
  await fill(page, "#cr-stoc", {
    CrRaccordementPrise: "KO",
    DateRaccordementPrise: "2026-11-23",
    Commentaire: "Personne au logement",
  });
  await send(page, "#cr-stoc button.primary");
  await look(page, "order-report-refused");
  await fill(page, "#cr-stoc", { MotifKoCrRaccordementPrise: "FCLI01" });
  await send(page, "#cr-stoc button.primary");
  await waitFor(page, "Raccordement en échec");
  await look(page, "order-failed");
  await fill(page, "#cr-stoc", {
    CrRaccordementPrise: "OK",
    DateRaccordementPrise: "2026-11-23",
    BilanOptique: "1310/18,2",
  });
  await send(page, "#cr-stoc button.primary");
  await waitFor(page, "Compte rendu de mise en service");
  await look(page, "order-handed-over");
  await fill(page, "#cr-mes", { DateMiseEnService: "2026-11-23" });
  await send(page, "#cr-mes button.primary");
  await waitFor(page, "Ligne en service");
  await look(page, "order-in-service");
}

async function cancelling(page) {
  await order(page, places.buildable[1], "OC-NAV-2", false);
  await waitFor(page, "Raccordement à faire");
  await fill(page, "#annuler", { confirmation: "autre chose" });
  await send(page, "#annuler button.danger");
  await look(page, "order-cancel-refused");
  await fill(page, "#annuler", { confirmation: "OC-NAV-2" });
  await send(page, "#annuler button.danger");
  await waitFor(page, "Commande annulée");
  await look(page, "order-cancelled");
}

// Refused at the form, at the AR, at the CR, and asked to confirm that a line is overwritten.
async function refusals(page) {
  await order(page, places.buildable[2], "OC-NAV-1", false);
  check(/FIMP13/.test(await page.locator("main").innerText()), "a reference serves twice");
  await look(page, "order-refused");
  const [held] = places.held;
  const query = new URLSearchParams({
    IdentifiantImmeuble: held.building,
    PriseExistante: "O",
    ReferencePrise: held.dwelling.pto,
  });
  await go(page, `/commandes/nouvelle?${query}`);
  check((await page.locator("#confirmation_ecrasement").count()) === 1, "nothing to confirm");
  await look(page, "order-overwriting");
  await go(page, `/commandes/nouvelle?IdentifiantImmeuble=${places.absent[0].building}`);
  await fill(page, ORDER, { ReferenceCommandePriseInterneOC: "OC-NAV-3", ...CUSTOMER });
  await send(page, `${ORDER} button.primary`);
  await look(page, "order-ar-ko");
  const full = places.saturated[0];
  await go(page, `/commandes/nouvelle?IdentifiantImmeuble=${full.building}`);
  const { batiment, escalier, etage } = full.dwelling;
  await fill(page, ORDER, {
    ReferenceCommandePriseInterneOC: "OC-NAV-4",
    Batiment: batiment,
    Escalier: escalier,
    Etage: etage,
    ...CUSTOMER,
  });
  const presence = await page.inputValue(`${ORDER} [name=ReferencePrestationPm]`);
  check(presence === "", "the form knows the presence");
  await send(page, `${ORDER} button.primary`);
  await look(page, "order-saturated");
}

const references = (page) => page.locator("main tbody td:first-child a").allInnerTexts();

async function list(page) {
  await go(page, "/commandes");
  await look(page, "orders");
  const all = await references(page);
  check(all.length >= 4, `${all.length} orders in the list`);
  for (const heading of await page.locator("main thead th a").allInnerTexts()) {
    await go(page, "/commandes");
    const cell = page.locator("main thead th", { hasText: heading });
    await cell.locator("a").click();
    const up = await references(page);
    check((await cell.getAttribute("aria-sort")) === "ascending", `${heading} does not sort up`);
    await cell.locator("a").click();
    const down = await references(page);
    check((await cell.getAttribute("aria-sort")) === "descending", `${heading} sorts one way`);
    const mirrored = down.join() === [...up].reverse().join();
    check(mirrored, `${heading}: ${up.join()} then ${down.join()}`);
  }
  await go(page, "/commandes?par=2");
  const first = await references(page);
  await page.locator("main .pager a[rel=next]").click();
  const second = await references(page);
  check(first.length === 2 && second.length > 0, "pages of two");
  check(!second.some((reference) => first.includes(reference)), "a row is on two pages");
  await look(page, "orders-page");
  await go(page, "/commandes");
  await page.fill("#q", "OC-NAV-2");
  await send(page, "main form.filters button");
  check((await references(page)).join() === "OC-NAV-2", "the search finds another order");
  await go(page, "/commandes");
  await page.selectOption("#main", "operateur");
  await send(page, "main form.filters button");
  check((await references(page)).length === 0, "the agent has nothing to do, and has");
  await look(page, "orders-none-found");
  await go(page, "/commandes");
  await page.locator("main .facets a", { hasText: "En service" }).click();
  check((await references(page)).join() === "OC-NAV-1", "the facet shows another order");
  await exports(page);
}

async function exports(page) {
  await go(page, "/commandes?q=OC-NAV");
  await page.locator("main details.menu summary").click();
  await look(page, "orders-export");
  const begins = { CSV: "\ufeffReference", XLSX: "PK", JSON: "[" };
  for (const [kind, begin] of Object.entries(begins)) {
    await page.locator("main details.menu").evaluate((menu) => (menu.open = true));
    const coming = page.waitForEvent("download");
    await page.locator("main details.menu a", { hasText: kind }).click();
    const download = await coming;
    const bytes = readFileSync(await download.path());
    const text = bytes.toString("utf8");
    check(text.startsWith(begin), `${kind} begins with ${text.slice(0, 20)}`);
    check(kind === "XLSX" || text.includes("OC-NAV-1"), `${kind} lacks an order`);
    check(download.suggestedFilename().endsWith(kind.toLowerCase()), download.suggestedFilename());
  }
  await page.locator("main details.menu").evaluate((menu) => (menu.open = true));
}

// What the palette makes of a PTO, of an address, and of what is no name.
async function palette(page) {
  const { address, dwelling } = places.flats;
  const lines = page.locator("#palette li a");
  await page.keyboard.press("Control+K");
  await page.fill("#palette-q", dwelling.pto);
  check(/éligibilité/.test(await lines.first().innerText()), "a PTO is not recognised");
  await page.fill("#palette-q", address.slice(0, -3));
  // The address is asked of three pages; what follows is suggested.
  await lines.nth(3).waitFor();
  await look(page, "palette-address");
  await page.fill("#palette-q", "zzyzx");
  await page.locator("#palette .empty").waitFor();
  await look(page, "palette-empty");
  await page.fill("#palette-q", dwelling.pto);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  check((await page.locator(".verdict").count()) === 1, "a PTO leads to no answer");
}

// The keys that lead somewhere by themselves, and their switch.
async function shortcuts(page) {
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await go(page, "/");
  await press("g", "a");
  await page.waitForURL("**/adresses");
  await press("g", "c");
  await page.waitForURL("**/commandes");
  await press("j", "j", "k");
  // The keys are answered when the tools of the account have come, after the page itself.
  const row = "document.activeElement.closest('tr')?.rowIndex";
  const first = page.waitForFunction(`${row} === 1`, undefined, { timeout: 10_000 });
  const led = await first.catch(() => undefined);
  check(led, `j, j, k lead to the row ${await page.evaluate(row)}`);
  await press("/");
  check((await page.evaluate("document.activeElement.id")) === "find", "/ leads elsewhere");
  await page.locator("h1").click();
  await press("?");
  await page.locator("#touches").waitFor();
  await look(page, "shortcuts");
  await page.locator("#touches-actives").uncheck();
  await press("Escape");
  await Promise.all([page.waitForResponse("**/compte/outils"), page.reload()]);
  await press("g", "e", "?");
  check(!(await page.locator("#touches").isVisible()), "keys that are off lead somewhere");
  check(new URL(page.url()).pathname === "/commandes", `g e leads to ${page.url()}`);
  await page.evaluate("localStorage.clear()");
}

async function shell(page) {
  await go(page, "/");
  await look(page, "dashboard");
  await page.keyboard.press("Control+K");
  await page.locator("#palette").waitFor();
  await look(page, "palette");
  await page.fill("#palette-q", "elig");
  // The first is to search the orders for what was typed.
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/eligibilite");
  await palette(page);
  await shortcuts(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator(".burger").click();
  check(await page.locator("#menu").isVisible(), "the menu does not open");
  await look(page, "menu");
  await go(page, "/");
  await page.locator("theme-switch button").click();
  const theme = await page.evaluate("document.documentElement.dataset.theme");
  await page.reload();
  const kept = await page.evaluate("document.documentElement.dataset.theme");
  check(theme === "dark" && kept === "dark", `theme ${theme}, then ${kept}`);
  await go(page, "/compte");
  await page.locator('main button[value="auto"]').click();
  await look(page, "account");
  await go(page, "/erreurs");
  await look(page, "codes");
  await go(page, "/erreurs/FIMP09");
  await look(page, "code");
  check((await go(page, "/rien")) === 404, "a page that is not there");
  await look(page, "not-found");
}

async function others(page) {
  await page.locator("details.who summary").click();
  await page.locator("details.who form button").click();
  check((await go(page, "/commandes")) === 200 && page.url().includes("/connexion"), "signed out");
  await signIn(page, given.reader);
  check((await go(page, "/commandes/nouvelle")) === 403, "a reader may order");
  await look(page, "forbidden");
  await page.context().clearCookies();
  await signIn(page, given.staff);
  await look(page, "staff");
}

await browse(async (page) => {
  await signInPages(page);
  await searchBox(page);
  await eligibility(page);
  await addresses(page);
  await delivery(page);
  await cancelling(page);
  await refusals(page);
  await list(page);
  await shell(page);
  await others(page);
});
