// The pages around an eligibility test: history, watches, lots, anomalies on both sides, and those
// of developers. Each state is looked at.

import {
  become,
  browse,
  check,
  fill,
  given,
  go,
  look,
  send,
  waitForTag,
} from "./lib.mjs";

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

const STREET = ["Adresse", ...places.buildable.slice(2).map(({ address }) => address)].join("\n");

const WRONG_LOT = [
  "ReferenceClient;Adresse;CodeAdresseImmeuble;PriseExistante",
  "R-1;;123;O",
  "R-2;;;",
  `R-3;${place.address};;X`,
].join("\n");
const WRONG_ORDERS = [
  "ReferenceCommandePriseInterneOC;IdentifiantImmeuble;TypeRacco;NomClient;Couleur",
  "R-1;IMB/1;XX;Martin;rouge",
  "R-2;IMB/1",
].join("\n");

const sheet = (building) => `/eligibilite?critere=immeuble&IdentifiantImmeuble=${building}`;
const named = (page, kind, name) => page.locator(`main ${kind}`, { hasText: name });

// What an operator sees that has done nothing yet.
async function nothing(page) {
  for (const [path, name] of [
    ["/eligibilite/historique", "history-empty"],
    ["/eligibilite/veilles", "watches-empty"],
    ["/adresses/anomalies", "anomalies-empty"],
    ["/developpeurs/appels", "calls-empty"],
  ]) {
    await go(page, path);
    check((await page.locator("main .empty").count()) === 1, `${path} is not empty`);
    await look(page, name);
  }
}

// A place whose verdict was changed by a publication, as its mail leads to it.
async function changed(page) {
  await go(page, "/eligibilite/veilles?lecture=non");
  check(/Un verdict a changé/.test(await page.locator("main").innerText()), "nothing is unread");
  await look(page, "watches-unread");
  await send(page, page.locator("main table tbody a").first());
  await look(page, "watch-changed");
  await send(page, named(page, "button", "Marquer comme lu"));
  await look(page, "watch-read");
}

async function watches(page) {
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

const file = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

// A lot among its lines, and the one that waits for it.
async function underWay(page) {
  for (const [word, name] of [
    ["En cours", "lot-running"],
    ["En attente", "lot-waiting"],
  ]) {
    await go(page, "/eligibilite/lots");
    if (name === "lot-running") await look(page, "lots-running");
    await send(page, page.locator("main tbody tr", { hasText: word }).locator("a").first());
    check((await page.locator("live-part").count()) === 1, `${name} is not under way`);
    await look(page, name);
    check((await page.locator("live-part").count()) === 1, `${name} ended meanwhile`);
  }
}

async function lots(page) {
  await go(page, "/eligibilite/lots");
  await look(page, "lots-empty");
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
  await page.setInputFiles("#fichier", file("rue.csv", STREET));
  await send(page, named(page, "button", "Déposer"));
  await waitForTag(page, "Terminé");
  await send(page, named(page, "button", "lignes de cette page"));
  const left = await named(page, "td button", "Mettre en veille").count();
  check(left === 0, `${left} lines of the page are not watched`);
  await go(page, "/eligibilite/lots");
  await look(page, "lots");
}

// The reference of a new anomaly of a place.
async function report(page, { building }) {
  await go(page, `/adresses/anomalies/nouvelle?IdentifiantImmeuble=${building}`);
  await page.locator(`${REPORT} input[name=TypeAnomalie][value=modification]`).check();
  await fill(page, REPORT, { ValeurAttendue: "Allée des Tilleuls" });
  await send(page, `${REPORT} button.primary`);
  return new URL(page.url()).pathname.split("/").pop();
}

// What somebody does with an anomaly: the form that has this act, and what it is told.
async function act(page, name, fields) {
  const form = `main form:has(button[value=${name}])`;
  const folded = page.locator(`details:has(button[value=${name}]):not([open]) > summary`);
  for (const summary of await folded.all()) await summary.click();
  await fill(page, form, fields);
  await send(page, `${form} button`);
}

// An anomaly in each of its later states, on both sides.
async function lives(page) {
  const [, , third, fourth, fifth] = places.buildable;
  await become(page, given.agent);
  const long = await report(page, third);
  const refused = await report(page, fourth);
  const taken = await report(page, fifth);
  const turn = async (who, root, reference, steps) => {
    await become(page, who);
    await go(page, `${root}/${reference}`);
    for (const [name, fields, looked] of steps) {
      await act(page, name, fields);
      await go(page, `${root}/${reference}`);
      if (looked) await look(page, looked);
    }
  };
  const desk = (reference, ...steps) => turn(given.staff, "/oi/anomalies", reference, steps);
  const ours = (reference, ...steps) => turn(given.agent, "/adresses/anomalies", reference, steps);
  const done = { Resolution: "Voie renommée", VersionReferentiel: "9" };
  await desk(
    long,
    ["taken", { Complexite: "COMPLEX" }, "anomaly-desk-taken"],
    ["asked", { Question: "Quel numéro ?" }, "anomaly-desk-asked"],
  );
  await ours(long);
  await look(page, "anomaly-asked");
  await ours(long, ["answered", { Reponse: "Le 12" }, "anomaly-answered"]);
  await desk(long, ["resolved", done, "anomaly-desk-resolved"]);
  await ours(long);
  await look(page, "anomaly-resolved");
  await named(page, "summary", "Contester la résolution").click();
  await look(page, "anomaly-disputing");
  await ours(long, ["disputed", { Contestation: "Toujours fausse" }, "anomaly-disputed"]);
  await desk(long, ["resolved", done]);
  await ours(long, ["accepted", {}, "anomaly-accepted"]);
  await desk(long);
  await look(page, "anomaly-desk-closed");
  const why = { Motif: "INVALID", Explication: "Le référentiel est juste" };
  await desk(refused, ["refused", why, "anomaly-desk-refused"]);
  await ours(refused);
  await look(page, "anomaly-rejected");
  await ours(taken);
  await fill(page, "#annuler form", { MotifAnnulation: "Doublon" });
  await send(page, "#annuler form button");
  await look(page, "anomaly-cancelled");
  await desk(taken);
  await look(page, "anomaly-desk-cancelled");
  await go(page, "/oi/anomalies");
  await look(page, "anomalies-queue-later");
}

async function anomalies(page) {
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
    ["/developpeurs/appels", "calls"],
    ["/developpeurs/validateur", "validator"],
  ]) {
    check((await go(page, path)) === 200, `${path} is not there`);
    await look(page, name);
  }
  for (const [text, name] of [
    ["<a><b></a>", "validator-refused"],
    [WRONG_ORDERS, "validator-orders"],
    [WRONG_LOT, "validator-lot"],
  ]) {
    await page.fill("#texte", text);
    await send(page, named(page, "button", "Valider"));
    check((await page.locator("main [role=alert]").count()) === 1, `${name}: nothing is wrong`);
    await look(page, name);
  }
  // The last call left the schema, the one before was refused.
  for (const [nth, name, said] of [
    [0, "call-schema", /ligne 1, colonne/],
    [1, "call", /FIMP14/],
  ]) {
    await go(page, "/developpeurs/appels");
    await send(page, page.locator("main table tbody a.mono").nth(nth));
    const text = await page.locator("main").innerText();
    check(said.test(text), `${name} says ${text.slice(0, 600)}`);
    await look(page, name);
    for (const part of await page.locator("details.fold:not([open]) summary").all()) {
      await part.click();
    }
    await look(page, `${name}-raw`);
  }
}

await browse(async (page) => {
  await become(page, given.other);
  await nothing(page);
  await underWay(page);
  await become(page, given.agent);
  await changed(page);
  await watches(page);
  await lots(page);
  await anomalies(page);
  await lives(page);
  await developers(page);
});
