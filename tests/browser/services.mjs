// The pages around an eligibility test: history, watches, lots, anomalies on both sides, and those
// of developers. Each state is looked at.

import { become, browse, check, fill, given, go, look, send, waitForTag } from "./lib.mjs";

const { places } = given;
const [place, other] = places.buildable;
const REPORT = 'main form[action="/adresses/anomalies"]';
const CSV = [
  "ReferenceClient;Adresse;IdentifiantImmeuble",
  `L-1;${place.address};`,
  `L-2;;${other.building}`,
  "L-3;98 rue qui n'existe nulle part, Ailleurs;",
  "L-4;;",
].join("\n");

const sheet = (building) => `/eligibilite?critere=immeuble&IdentifiantImmeuble=${building}`;
const named = (page, kind, name) => page.locator(`main ${kind}`, { hasText: name });

async function watches(page) {
  await go(page, "/eligibilite/historique");
  await look(page, "history-empty");
  await go(page, "/eligibilite/veilles");
  await look(page, "watches-empty");
  await go(page, sheet(place.building));
  await look(page, "eligibility-map");
  for (const why of await page.locator(".why details").all()) await why.locator("summary").click();
  await look(page, "eligibility-why");
  await send(page, named(page, "button", "Mettre en veille"));
  await look(page, "watch-added");
  await go(page, "/eligibilite/veilles");
  await look(page, "watches");
  await send(page, page.locator("main table tbody a").first());
  await look(page, "watch");
  await go(page, "/eligibilite/historique");
  await look(page, "history");
  const rows = await page.locator("main tbody tr").count();
  check(rows === 1, `one test was asked, the history has ${rows}`);
  await go(page, "/eligibilite/historique?verdict=non_eligible&q=rien");
  await look(page, "history-none");
}

async function lots(page) {
  await go(page, "/eligibilite/lots");
  await look(page, "lots-empty");
  const file = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.setInputFiles("#fichier", file("sans-colonne.csv", "Rien;Du tout\n1;2\n"));
  await send(page, named(page, "button", "Déposer"));
  await look(page, "lot-refused");
  await page.setInputFiles("#fichier", file("parc.csv", CSV));
  await send(page, named(page, "button", "Déposer"));
  await waitForTag(page, "Terminé");
  const said = await page.locator("main").innerText();
  check(/FADR01/.test(said) && said.includes(place.building), `the lot says ${said.slice(0, 900)}`);
  await look(page, "lot");
  // The first line's building was put under watch by its own page.
  await send(page, named(page, "td button", "Mettre en veille").first());
  await look(page, "lot-watched");
  await send(page, named(page, "td a", "En veille").nth(1));
  const watched = await page.locator("main").innerText();
  check(watched.includes(other.building), `the watch of a line says ${watched.slice(0, 300)}`);
  await go(page, "/eligibilite/lots");
  await look(page, "lots");
}

async function anomalies(page) {
  await go(page, "/adresses/anomalies");
  await look(page, "anomalies-empty");
  await go(page, sheet(place.building));
  await send(page, named(page, "a", "Signaler une anomalie d’adresse").first());
  const kept = await page.inputValue("#IdentifiantImmeuble");
  check(kept === place.building, `the form is about ${kept}`);
  await look(page, "anomaly-new");
  await send(page, `${REPORT} button.primary`);
  await look(page, "anomaly-refused");
  await page.locator(`${REPORT} input[name=TypeAnomalie][value=modification]`).check();
  await fill(page, REPORT, { ValeurAttendue: "Allée des Tilleuls" });
  await send(page, `${REPORT} button.primary`);
  await look(page, "anomaly");
  await go(page, "/adresses/anomalies");
  await look(page, "anomalies");
  await become(page, given.staff);
  await go(page, "/oi/anomalies");
  await look(page, "anomalies-queue");
  await go(page, "/oi/anomalies/communes");
  await look(page, "anomalies-communes");
  await go(page, "/oi/anomalies");
  await send(page, page.locator("main table tbody a").first());
  await look(page, "anomaly-desk");
}

async function developers(page) {
  await become(page, given.agent);
  for (const [path, name] of [
    ["/developpeurs", "developers"],
    ["/developpeurs/contrats", "contracts"],
    ["/developpeurs/operations/eligibilite/testerEligibilite", "operation"],
    ["/developpeurs/appels", "calls-empty"],
    ["/developpeurs/validateur", "validator"],
  ]) {
    check((await go(page, path)) === 200, `${path} is not there`);
    await look(page, name);
  }
  await page.fill("#texte", "<a><b></a>");
  await send(page, named(page, "button", "Valider"));
  await look(page, "validator-refused");
}

await browse(async (page) => {
  await become(page, given.agent);
  await watches(page);
  await lots(page);
  await anomalies(page);
  await developers(page);
});
