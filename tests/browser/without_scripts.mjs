// The core of the journey with scripts switched off: everything is a link or a form.

import { browse, check, fill, given, go, signIn, waitFor } from "./lib.mjs";

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
    await page.click("main form.criteria button.primary");
    const text = await page.locator(".verdict").innerText();
    check(/Éligible/.test(text), `${way}: ${text}`);
  }
}

await browse(
  async (page) => {
    await signIn(page, given.agent);
    await eligibility(page);
    await page.locator("main .verdict .actions a").click();
    await fill(page, FORM, {
      ReferenceCommandePriseInterneOC: "OC-SANS-1",
      NomClient: "Garnier",
      ContactClient1: "0261910001",
    });
    await page.click(`${FORM} button.primary`);
    await waitFor(page, "Raccordement à faire");
    await fill(page, "#cr-stoc", {
      CrRaccordementPrise: "OK",
      DateRaccordementPrise: "2026-11-23",
    });
    await page.click("#cr-stoc button.primary");
    await waitFor(page, "Compte rendu de mise en service");
    await fill(page, "#cr-mes", { DateMiseEnService: "2026-11-23" });
    await page.click("#cr-mes button.primary");
    await waitFor(page, "Ligne en service");
    await go(page, "/commandes");
    check((await page.locator("main tbody tr").count()) === 1, "the order is not in the list");
    await page.locator("details.who summary").click();
    await page.locator("details.who form button").click();
    await go(page, "/commandes");
    check(page.url().includes("/connexion"), "still signed in");
  },
  { javaScriptEnabled: false },
);
