// Sign-in, eligibility and order, then the OI's file sent and approved, with the keyboard alone:
// everything is reached by Tab, and what has the focus can be seen.

import { become, browse, check, given, go, waitFor, waitForTag, wrong } from "./lib.mjs";

const [place] = given.places.buildable;
const STOPS_MAX = 120;

// Presses Tab until what `wanted` selects has the focus.
async function reach(page, wanted) {
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate((selector) => {
      const focused = document.activeElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(focused);
      const ringed = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
      const box = focused.getBoundingClientRect();
      return {
        found: focused.matches(selector),
        what: focused.outerHTML.slice(0, 100),
        // The browser itself marks the part of a date that has the focus.
        seen: ringed || boxShadow !== "none" || focused.matches("label input, [type=date]"),
        shown: box.width > 0 && box.height > 0,
      };
    }, wanted);
    check(here.seen && here.shown, `focus not seen: ${here.what}`);
    if (here.found) return;
  }
  throw new Error(`Tab does not reach ${wanted}`);
}

async function type(page, selector, text) {
  await reach(page, selector);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

async function press(page, selector) {
  await reach(page, selector);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

// The box that takes anything: suggestions are gone through with the arrows, and one is chosen.
async function searchBox(page) {
  await go(page, "/eligibilite");
  await type(page, "#q", place.address.slice(0, -3));
  await page.waitForSelector("address-box li");
  await page.keyboard.press("ArrowDown");
  const active = await page.getAttribute("#q", "aria-activedescendant");
  const chosen = await page.locator(`[id="${active}"]`).innerText();
  await page.keyboard.press("Escape");
  check((await page.locator("address-box li").count()) === 0, "Escape leaves the suggestions");
  await page.keyboard.type(" ");
  await page.waitForSelector("address-box li");
  await page.keyboard.press("ArrowDown");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  const text = await page.inputValue("#q");
  check(text === chosen, `${text} was chosen instead of ${chosen}`);
  check((await page.locator(".verdict").count()) === 1, "what was chosen leads to no answer");
}

// The structure of an address: one stop of Tab, then the keys of a tree.
async function tree(page) {
  const { building, dwelling } = given.places.flats;
  await go(page, "/adresses");
  await type(page, "#q", building);
  await press(page, "main form.filters button.primary");
  await reach(page, "address-tree [role=treeitem]");
  const here = () =>
    page.evaluate(() => {
      const { dataset, textContent } = document.activeElement;
      const level = document.activeElement.getAttribute("aria-level");
      const open = document.activeElement.getAttribute("aria-expanded");
      return { level, open, porte: dataset.porte, text: textContent.trim() };
    });
  for (const [key, wanted] of [
    ["Home", ({ level }) => level === "1"],
    ["ArrowLeft", ({ open }) => open === "false"],
    ["ArrowRight", ({ open }) => open === "true"],
    ["ArrowRight", ({ level }) => level === "2"],
    ["*", ({ open }) => open === "true"],
    ["ArrowRight", ({ level }) => level === "3"],
    ["*", ({ open }) => open === "true"],
    ["End", ({ porte }) => porte !== undefined],
    ["ArrowLeft", ({ level }) => level === "3"],
    ["Home", ({ level }) => level === "1"],
    ["e", ({ text }) => /^[Ee]scalier/.test(text)],
    ["Enter", ({ open }) => open === "false"],
    [" ", ({ open }) => open === "true"],
  ]) {
    await page.keyboard.press(key);
    const found = await here();
    check(wanted(found), `${key} leads to ${JSON.stringify(found).slice(0, 200)}`);
  }
  // The filters are before the tree.
  await page.reload();
  await type(page, "#ReferencePrise", dwelling.pto);
  await press(page, "main form#filtre button");
  await reach(page, "address-tree [role=treeitem]");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await reach(page, "address-tree details.menu summary");
  await page.keyboard.press("Enter");
  await press(page, "address-tree details.menu a");
  check(page.url().includes("/eligibilite?"), `an action leads to ${page.url()}`);
}

// One sends a file, another approves what it made.
async function referential(page) {
  // Listened to from the beginning: the browser must know before the key that it is asked for.
  const chosen = new Promise((resolve) => {
    page.once("filechooser", (chooser) => resolve(chooser.setFiles(given.ipe)));
  });
  await become(page, given.team.importer);
  await press(page, 'nav a[href="/oi/imports"]');
  await reach(page, "#fichier");
  await page.keyboard.press("Enter");
  await chosen;
  await press(page, 'main form[action="/oi/imports"] button.primary');
  await waitForTag(page, "À approuver");
  const here = page.url();
  await become(page, given.team.approver);
  await page.goto(here);
  await press(page, 'main form[action$="/approuver"] button');
  await waitForTag(page, "Publié");
}

await browse(async (page) => {
  await go(page, "/connexion");
  await type(page, "#identifiant", given.agent.login);
  await type(page, "#mot_de_passe", given.agent.password);
  await press(page, "main button.primary");
  await page.keyboard.press("Tab");
  const skip = await page.evaluate("document.activeElement.getAttribute('href')");
  check(skip === "#contenu", `the first stop is ${skip}`);
  await page.keyboard.press("Enter");
  const landed = await page.evaluate("document.activeElement.id");
  check(landed === "contenu", `the skip link leads to ${landed}`);
  await searchBox(page);
  await tree(page);
  await go(page, "/");
  await press(page, 'nav a[href="/eligibilite"]');
  await reach(page, 'main [name="critere"]');
  for (const wanted of ["immeuble", "hexacle"]) {
    await page.keyboard.press("ArrowRight");
    const way = await page.inputValue('main [name="critere"]:checked');
    if (way !== wanted) wrong(`the arrow leads to ${way}`);
  }
  await type(page, "#CodeAdresseImmeuble", place.hexacle);
  await press(page, "main form.criteria button.primary");
  await press(page, "main .verdict .actions a");
  await type(page, "#ReferenceCommandePriseInterneOC", "OC-CLAVIER-1");
  await type(page, "#NomClient", "Garnier");
  await type(page, "#ContactClient1", "0261910001");
  await press(page, 'main form[action="/commandes"] button.primary');
  await waitFor(page, "Raccordement à faire");
  await referential(page);
});
