// The OI's guide, done as it says: its numbered steps are read from the document, and each word in
// bold is a word of the screen, acted upon as the verb before it says, else looked for. Then the
// pages and states that the guide does not pass by.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import {
  FLAGS_OF_MAPS,
  IMPORT_MS_MAX,
  become,
  browse,
  check,
  drawn,
  fill,
  given,
  go,
  look,
  picture,
  send,
  waitFor,
  waitForTag,
  wrong,
} from "./lib.mjs";

const ORDER = 'main form[action="/commandes"]';
const PEOPLE = {
  "votre compte": given.team.importer,
  "un autre compte de l’exploitation": given.team.approver,
  "un compte d’opérateur": given.agent,
};
const PERSON = new RegExp(`connectez-vous avec (${Object.keys(PEOPLE).join("|")})`, "i");
// What the guide speaks of in italics: files to send, and what else has a name of its own.
const files = { "votre fichier": given.ipe };
const MARK = /\*\*([^*]+)\*\*|\*([^*]+)\*/g;
// What carries a name on a page.
const NAMED = "h1, h2, h3, th, dt, label, b, a, button, summary, span, option, caption, .tag";
// Within it, what is not the name.
const BESIDE = ".vh, .optional, .mute, .count, small, svg, input, select";

// Typography aside, and any number alike.
const plain = (text) => text.replace(/’/g, "'").replace(/\s+/g, " ").trim();
const key = (text) => plain(text).replace(/\b\d+\b/g, "N");

// The guide's steps in their order, each with the picture that follows it, and all its bold words.
function read(guide) {
  const steps = [];
  const said = new Set();
  let chapter = "";
  let open = false;
  for (const line of guide.split("\n")) {
    const image = /^\s+!\[[^\]]*\]\(\.\.\/images\/([\w-]+\.png)\)/.exec(line);
    const begins = /^\d+\. (.*)/.exec(line);
    if (line.startsWith("#")) chapter = line.replace(/^#+ /, "");
    if (image) steps.at(-1).image = image[1];
    else if (begins) steps.push({ chapter, text: begins[1] });
    else if (open && /^ {3}\S/.test(line)) steps.at(-1).text += ` ${line.trim()}`;
    open = Boolean(begins) || (open && line.startsWith("   "));
  }
  const prose = guide.replace(/\n\s*/g, " ");
  for (const [, bold] of prose.matchAll(/\*\*([^*]+)\*\*/g)) said.add(bold);
  return { steps, said };
}

// Every name on the page, shown or not.
const seen = new Set();
async function note(page) {
  const names = await page.evaluate(
    ([named, beside]) =>
      [...document.querySelectorAll(named)].map((one) => {
        const copy = one.cloneNode(true);
        for (const part of copy.querySelectorAll(beside)) part.remove();
        return copy.textContent;
      }),
    [NAMED, BESIDE],
  );
  for (const name of names) seen.add(key(name));
}

// The first element of `selector` in `root` that is shown under `name`.
async function named(root, selector, name) {
  const wanted = key(name);
  for (const one of await root.locator(selector).all()) {
    const text = await one.evaluate((element, beside) => {
      const copy = element.cloneNode(true);
      for (const part of copy.querySelectorAll(beside)) part.remove();
      return copy.textContent;
    }, BESIDE);
    if (key(text) === wanted && (await one.isVisible())) return one;
  }
  return null;
}

// A person who follows the guide.
class Reader {
  constructor(page) {
    this.page = page;
    this.section = null;
  }

  root() {
    return this.section ?? this.page.locator("main");
  }

  async find(selector, name, root = this.root()) {
    const found = await named(root, selector, name);
    if (!found) throw new Error(`no ${selector} is named « ${name} »`);
    return found;
  }

  async field(name) {
    const label = await this.find("label", name);
    const id = await label.getAttribute("for");
    return id ? this.page.locator(`#${id}`) : label.locator("input");
  }

  // Between two sentences the section that was named is left.
  async hear(prose) {
    if (/\.(\s|$)/.test(prose)) this.section = null;
    const person = PERSON.exec(prose);
    if (person) await become(this.page, PEOPLE[person[1]]);
  }

  // One word of the guide, after `prose`.
  async meet(prose, word, isThing, after) {
    await this.hear(prose);
    const verb = /(\p{L}+)(?: sur)? $/u.exec(prose)?.[1].toLowerCase();
    const goesOn = /^, puis $|^ et $/.test(prose) && this.verb;
    const act = goesOn && goesOn !== "seen" ? goesOn : verb;
    if (this.held && / dans $/.test(prose)) return this.put(word);
    if (["choisissez", "désignez", "écrivez"].includes(act) && /^ dans \*\*/.test(after)) {
      [this.held, this.verb] = [word, act];
      return null;
    }
    const acts = { ouvrez: "open", dépliez: "open", cliquez: "press", cochez: "tick" };
    const more = { attendez: "wait", téléchargez: "fetch", sous: "under" };
    const name = { ...acts, ...more }[act] ?? "seen";
    this.verb = name === "seen" || name === "under" ? "seen" : act;
    if (isThing && name !== "open") throw new Error(`« ${word} » is nothing to ${name}`);
    return this[name](this.thing(word, isThing), /dans le menu/i.test(prose));
  }

  thing(word, isThing) {
    if (!isThing) return word;
    const name = files[word] ? basename(files[word]) : given.things[word];
    if (!name) throw new Error(`the guide speaks of « ${word} », which is nothing`);
    return name;
  }

  async put(name) {
    const [word, verb] = [this.held, this.verb];
    this.held = null;
    const field = await this.field(name);
    if (verb === "choisissez") {
      const options = await field.locator("option").allInnerTexts();
      const at = options.findIndex((option) => key(option) === key(word));
      if (at < 0) throw new Error(`« ${name} » has no « ${word} »`);
      return field.selectOption({ index: at });
    }
    if (verb === "désignez") return field.setInputFiles(files[word]);
    return field.fill(given.things[word] ?? word);
  }

  async open(name, inMenu) {
    const root = inMenu ? this.page.locator("nav.nav") : this.root();
    const found = await this.find("a, summary", name, root);
    // What is unfolded already stays so.
    if (await found.evaluate((one) => one.matches("details.fold[open] > summary"))) return;
    if (await found.evaluate((one) => one.matches("summary"))) return found.click();
    await send(this.page, found);
    return busy(this.page);
  }

  async press(name) {
    const found = await this.find("button", name);
    if (await found.evaluate((one) => one.type === "button")) return found.click();
    await send(this.page, found);
    return busy(this.page);
  }

  async tick(name) {
    await (await this.field(name)).check();
  }

  async wait(name) {
    await waitForTag(this.page, name);
  }

  async fetch(name) {
    const coming = this.page.waitForEvent("download");
    await (await this.find("a", name)).click();
    const download = await coming;
    const text = readFileSync(await download.path(), "utf8");
    const file = download.suggestedFilename();
    check(text.includes(";"), `${file} is no list: ${text.slice(0, 80)}`);
    if (file.startsWith("rejets-")) correct(file, text);
    // The menu it was in, if any, covers what is below.
    await this.page.evaluate(() => {
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    });
  }

  async under(name) {
    const title = await named(this.page.locator("main"), "section h2", name);
    if (!title) throw new Error(`no part of the page is named « ${name} »`);
    this.section = title.locator("xpath=ancestor::section");
  }

  async seen(name) {
    await this.find(NAMED, name);
  }
}

// The refused lines as the OI corrects them: whole again, the two columns that say why left empty.
function correct(file, text) {
  const [header, ...lines] = text.trimEnd().split("\r\n");
  check(header.endsWith(";CodeRejet;Motif"), `the refused lines begin with ${header}`);
  check(lines.length === given.corrected.length, `${lines.length} refused lines`);
  const path = join(dirname(given.ipe), file);
  writeFileSync(path, [header, ...given.corrected.map((line) => `${line};;`), ""].join("\r\n"));
  files["les lignes corrigées"] = path;
}

// The page of an import under way, the first held still while it is looked at. It comes again by
// itself when the import is over, and nothing is read of it meanwhile.
let lookedBusy = false;
async function busy(page) {
  const live = page.locator("live-part");
  if ((await live.count()) === 0) return;
  if (!lookedBusy) {
    await live.evaluate((one) => one.disconnectedCallback());
    await look(page, "import-busy");
    await live.evaluate((one) => one.connectedCallback());
    lookedBusy = true;
  }
  await live.waitFor({ state: "detached", timeout: IMPORT_MS_MAX });
  await page.waitForLoadState();
}

// Does the steps of the guide, and looks at every page they lead to, as it stands after each.
async function follow(page, steps) {
  const reader = new Reader(page);
  const lookedAt = new Set();
  for (const [n, { chapter, text, image }] of steps.entries()) {
    try {
      reader.section = null;
      let from = 0;
      for (const mark of text.matchAll(MARK)) {
        const [whole, bold, thing] = mark;
        const end = mark.index + whole.length;
        await reader.meet(text.slice(from, mark.index), bold ?? thing, !bold, text.slice(end));
        await note(page);
        from = end;
      }
      await reader.hear(text.slice(from));
    } catch (error) {
      throw new Error(`« ${chapter} », « ${text} »: ${error.message}`);
    }
    await drawn(page);
    if (image) await picture(page, image);
    const words = await page.locator("main").innerText();
    if (!lookedAt.has(words)) await look(page, `guide-${String(n + 1).padStart(2, "0")}`);
    lookedAt.add(words);
  }
}

// Somebody has an order under way where the next file has no building any more.
async function order(page) {
  await become(page, given.agent);
  const { building, dwelling } = given.leaving;
  await go(page, `/commandes/nouvelle?IdentifiantImmeuble=${building}`);
  await fill(page, ORDER, {
    ReferenceCommandePriseInterneOC: "OC-2026-0417",
    Batiment: dwelling.batiment,
    Escalier: dwelling.escalier,
    Etage: dwelling.etage,
    NomClient: "Garnier",
    ContactClient1: "0261910001",
  });
  await send(page, `${ORDER} button.primary`);
  await waitFor(page, "Raccordement à faire");
}

async function sendFile(page, path, fields = {}) {
  await go(page, "/oi/imports");
  await page.setInputFiles("#fichier", path);
  await fill(page, 'main form[action="/oi/imports"][method="post"]', fields);
  await send(page, 'main form[method="post"] button.primary');
}

// What refuses a file whole, on the form or once it was read.
async function refusals(page) {
  const write = (name, text) => {
    const path = join(dirname(given.ipe), name);
    writeFileSync(path, text);
    return path;
  };
  await become(page, given.team.importer);
  await look(page, "staff-first");
  await go(page, "/oi/imports");
  await look(page, "imports-empty");
  await sendFile(page, write("export.csv", "a;b\r\n1;2\r\n"));
  await look(page, "import-without-kind");
  await sendFile(page, write("F2V_IPE.csv", "a;b\r\n1;2\r\n"));
  await look(page, "import-without-date");
  await sendFile(page, write("F2V_IPE_20260301.csv", "a;b\0\r\n"));
  await look(page, "import-no-text");
  await sendFile(page, write("F2V_IPE_20260302.csv", "a;b\r\n1;2\r\n"));
  await new Reader(page).wait("Refusé");
  check(/EIMP01/.test(await page.locator("main").innerText()), "a file of another kind is read");
  await look(page, "import-refused");
  const text = readFileSync(given.ipe, "utf8").replaceAll("DEPLOYE;", "FINI;");
  await sendFile(page, write("F2V_IPE_20260303.csv", text));
  await new Reader(page).wait("Refusé");
  await look(page, "import-refused-lines");
  await go(page, "/oi/imports?etat=failed");
  await look(page, "imports-none-found");
  await go(page, "/oi/gels");
  await look(page, "freezes-empty");
}

// A version that is declined, and the pages of versions in their other states.
async function versions(page) {
  const reader = new Reader(page);
  await become(page, given.team.importer);
  await sendFile(page, given.ipe, { DateExtraction: "2027-01-04" });
  await reader.wait("À approuver");
  await reader.open("Refuser cette version");
  await look(page, "import-declining");
  await page.locator("main details [name=motif]").fill(" ");
  await reader.press("Refuser");
  await look(page, "import-not-declined");
  await page.locator("main details [name=motif]").fill("essai");
  await reader.press("Refuser");
  await reader.wait("Retiré");
  await look(page, "import-declined");
  await go(page, "/oi/imports");
  await look(page, "imports");
  await go(page, "/oi/versions");
  await look(page, "versions");
  await go(page, "/oi/versions?etat=building");
  await look(page, "versions-none-found");
  for (const [name, query] of Object.entries({
    pms: "table=pm",
    none: "q=RIEN",
  })) {
    await go(page, `/oi/versions/1?${query}`);
    await look(page, `version-${name}`);
  }
  await go(page, "/oi/versions/7");
  await look(page, "version-undone");
  await go(page, "/oi/versions/6/commandes?operateur=RIEN");
  await look(page, "version-touches-none");
}

// Freezes: a form that lacks its reason, a freeze to come, the list.
async function freezes(page) {
  const reader = new Reader(page);
  await go(page, `/oi/referentiel/pm?ref=${given.things["son PM"]}`);
  await reader.open("Geler");
  await look(page, "freeze-form");
  await page.locator("main details [name=motif]").fill(" ");
  await reader.press("Geler");
  await look(page, "freeze-without-reason");
  await page.locator("main details [name=motif]").fill("armoire à déplacer");
  await page.locator("main details [name=du]").fill("2027-03-01");
  await reader.press("Geler");
  await look(page, "freeze-to-come");
  await go(page, "/oi/gels");
  await look(page, "freezes");
  await go(page, "/oi/gels?q=RIEN");
  await look(page, "freezes-none-found");
}

async function network(page) {
  const { building, insee } = given.places.buildable[1];
  const pm = given.things["son PM"];
  const pbo = given.things["un PBO"];
  const at = (path, query) => `/oi/referentiel/${path}?${new URLSearchParams(query)}`;
  const pages = {
    "communes-none": "/oi/referentiel?nom=zzz",
    "search-none": "/oi/referentiel?q=rien+de+tel",
    "search-many": "/oi/referentiel?q=rue",
    "commune-one-state": at(`communes/${insee}`, { etat: "prevu" }),
    "commune-none": at(`communes/${insee}`, { q: "zzz" }),
    "building-to-connect": at("immeubles", { ref: building }),
    "pm-full": at("pm", { ref: pm, etat: "satures" }),
    "pm-history": at("historique", { objet: "pm", ref: pm }),
    "pbo-none": at("pbo", { pm, ref: pbo, q: "zzz" }),
    "map-commune": at("carte", { insee }),
    "map-pm": at("carte", { pm }),
  };
  for (const [name, path] of Object.entries(pages)) {
    check((await go(page, path)) === 200, `${path} is no page`);
    await drawn(page);
    await look(page, name);
  }
  for (const shared of given.places.shared.slice(0, 1)) {
    await go(page, `/oi/referentiel?q=${shared.hexacle}`);
    await look(page, "search-hexacle");
  }
}

await browse(
  async (page) => {
    const { steps, said } = read(readFileSync(given.guide, "utf8"));
    check(steps.length > 20, `the guide has ${steps.length} steps`);
    await refusals(page);
    await order(page);
    await follow(page, steps);
    for (const name of said) {
      if (!seen.has(key(name))) wrong(`the guide says « ${name} », which no page does`);
    }
    await go(page, "/referentiel");
    const links = await page.locator('main a[href$=".csv"]').evaluateAll((all) =>
      all.map((one) => one.getAttribute("href")),
    );
    check(links.includes("/referentiel/differences/6.csv"), `operators fetch ${links.join()}`);
    check(!links.includes("/referentiel/differences/7.csv"), "what was taken back is fetched");
    await versions(page);
    await network(page);
    await freezes(page);
  },
  { flags: FLAGS_OF_MAPS },
);
