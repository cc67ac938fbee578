// The core of the journeys with scripts switched off: everything is a link or a form.

import {
  become, browse, check, fill, given, go, send, signIn, waitFor, waitForTag,
} from "./lib.mjs";

const [place] = given.places.buildable;
const FORM = 'main form[action="/commandes"]';

async function eligibility(page) {
  const ways = {
    hexacle: { CodeAdresseImmeuble: place.hexacle },
    adresse: {
      CodeInseeImmeuble: place.insee,
      CodeVoieRivoliImmeuble: place.rivoli,
      NumeroVoieImmeuble: place.number,
      ComplementNumeroVoieImmeuble: place.complement,
    },
    immeuble: { IdentifiantImmeuble: place.building },
    texte: { q: place.address },
  };
  for (const [way, fields] of Object.entries(ways)) {
    await go(page, "/eligibilite");
    await page.locator(`main .segments label:has([value=${way}])`).click();
    await fill(page, "main form.criteria", fields);
    await send(page, "main form.criteria button.primary");
    const text = await page.locator(".verdict").innerText();
    check(/Éligible/.test(text), `${way}: ${text}`);
  }
}

// The structure of an address, its filters and what is copied from it.
async function addresses(page) {
  const { building, dwelling } = given.places.flats;
  await go(page, "/adresses");
  await page.fill("#q", building);
  await send(page, "main form.filters button.primary");
  check((await page.locator("address-tree summary").count()) > 0, "no tree");
  await page.fill("#ReferencePrise", dwelling.pto);
  await send(page, "main form#filtre button");
  check((await page.locator("address-tree li").count()) === 1, "the PTO narrows nothing");
  await page.locator("address-tree details.menu summary").click();
  const text = await page.locator("address-tree pre").innerText();
  check(text.includes(`ReferencePrise;${dwelling.pto}`), `what is to be copied: ${text}`);
  await send(page, page.locator("main a", { hasText: "Tout voir" }));
  await page.emulateMedia({ media: "print" });
  const hidden = await page.locator("address-tree li").evaluateAll(
    (all) => all.filter((one) => !one.checkVisibility({ contentVisibilityAuto: true })).length,
  );
  check(hidden === 0, `${hidden} dwellings are not printed`);
  await page.emulateMedia({ media: null });
}

// The OI's file: sent by one, approved by another, taken back.
async function referential(page) {
  await become(page, given.team.importer);
  await go(page, "/oi/imports");
  await page.setInputFiles("#fichier", given.ipe);
  await send(page, 'main form[action="/oi/imports"] button.primary');
  check((await page.locator("main").innerText()).includes("Fichier reçu"), "no file received");
  await waitForTag(page, "À approuver");
  const here = page.url();
  const approve = 'main form[action$="/approuver"] button';
  check((await page.locator(approve).count()) === 0, "one may approve one's own file");
  check((await page.locator("main tbody tr").count()) > 0, "no refused line is shown");
  await become(page, given.team.approver);
  await page.goto(here);
  await send(page, approve);
  await waitForTag(page, "Publié");
  await send(page, page.locator("main .actions a", { hasText: "Différences" }));
  check((await page.locator("main del").count()) > 0, "no difference is shown");
  await page.locator("main summary", { hasText: "Retirer cette version" }).click();
  await page.fill("main [name=motif]", "essai");
  await send(page, 'main form[action$="/retirer"] button');
  await waitForTag(page, "Retirée");
  await go(page, "/oi/referentiel/carte");
  check((await page.locator("main svg.map a").count()) > 0, "no map is drawn");
}

await browse(
  async (page) => {
    await signIn(page, given.agent);
    await addresses(page);
    await eligibility(page);
    await page.locator("main .verdict .actions a").click();
    await fill(page, FORM, {
      ReferenceCommandePriseInterneOC: "OC-SANS-1",
      NomClient: "Garnier",
      ContactClient1: "0261910001",
    });
    await send(page, `${FORM} button.primary`);
    await waitFor(page, "Raccordement à faire");
    await fill(page, "#cr-stoc", {
      CrRaccordementPrise: "OK",
      DateRaccordementPrise: "2026-11-23",
    });
    await send(page, "#cr-stoc button.primary");
    await waitFor(page, "Compte rendu de mise en service");
    await fill(page, "#cr-mes", { DateMiseEnService: "2026-11-23" });
    await send(page, "#cr-mes button.primary");
    await waitFor(page, "Ligne en service");
    await go(page, "/commandes");
    check((await page.locator("main tbody tr").count()) === 1, "the order is not in the list");
    await page.locator("details.who summary").click();
    await page.locator("details.who form button").click();
    await go(page, "/commandes");
    check(page.url().includes("/connexion"), "still signed in");
    await referential(page);
  },
  { javaScriptEnabled: false },
);
