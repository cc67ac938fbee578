// Progressive enhancement only: every page works without this file. No word is written here; what
// a person reads comes from the page.

// Accents and case aside.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// What every page shares and no page carries: the dialogs of the palette and of the keys, fetched
// once the page is there. Without them the page lacks nothing else.
const shared = (async () => {
  if (!document.querySelector("command-palette")) return;
  try {
    const answer = await fetch("/compte/outils");
    if (!answer.ok || answer.redirected) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.append(...parsed.body.children);
  } catch {
    // The page is being left.
  }
})();

// Ctrl K: go to any entry of the navigation or any action, or ask of what is typed: an address, a
// PTO, a reference of an order. What can be asked stands in the dialog's template.
class CommandPalette extends HTMLElement {
  connectedCallback() {
    const ready = shared.then(() => this.wire());
    const open = () => ready.then(() => this.dialog && this.open());
    this.firstElementChild.addEventListener("click", open);
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open();
      }
    });
  }

  wire() {
    this.dialog = document.getElementById("palette");
    if (!this.dialog) return;
    this.input = this.dialog.querySelector("input");
    this.list = this.dialog.querySelector("ul");
    this.none = this.dialog.querySelector(".empty");
    this.known = [...this.dialog.querySelector("template").content.querySelectorAll("a")];
    this.input.addEventListener("input", () => this.fill());
    this.input.form.addEventListener("submit", (event) => {
      const first = this.list.querySelector("a");
      if (!first) return;
      event.preventDefault();
      first.click();
    });
    this.dialog.addEventListener("keydown", (event) => this.move(event));
    this.list.addEventListener("click", (event) => {
      if (!event.target.closest("[data-theme-switch]")) return;
      event.preventDefault();
      this.dialog.close();
      document.querySelector("theme-switch").click();
    });
  }

  open() {
    this.input.value = "";
    this.fill();
    if (!this.dialog.open) this.dialog.showModal();
    this.input.focus();
  }

  // Questions about what is typed, then the links whose words contain it, then addresses.
  fill() {
    const typed = this.input.value.trim();
    const reads = (link) => plain(link.textContent).includes(plain(typed));
    const pages = document.querySelectorAll(".nav li a, .head .actions a:not([download])");
    const actions = this.known.filter((link) => link.dataset.ask === undefined);
    const seen = new Set();
    const found = [...pages, ...actions].filter((link) => {
      const twice = seen.has(link.href + link.textContent.trim());
      seen.add(link.href + link.textContent.trim());
      return !twice && reads(link);
    });
    const [orders, places] = [[], []];
    for (const link of typed ? this.known : []) {
      if (link.dataset.ask === "") orders.push(this.asking(link, typed));
      if (link.dataset.ask === "place") places.push(this.asking(link, typed));
    }
    // What has blanks is an address and ten characters are a PTO; anything else is a reference.
    const isPlace = /\s/.test(typed) || /^[a-z\d]{2}-?[a-z\d]{4}-?[a-z\d]{4}$/i.test(typed);
    const copies = found.map((link) => this.copy(link));
    this.show(isPlace ? [...places, ...orders, ...copies] : [...orders, ...copies, ...places]);
    this.suggest(typed, found.length > 0);
  }

  show(items) {
    this.list.replaceChildren();
    this.add(items);
  }

  add(items) {
    for (const item of items) {
      const line = document.createElement("li");
      line.append(item);
      this.list.append(line);
    }
  }

  copy(link) {
    const copy = link.cloneNode(true);
    copy.className = "";
    copy.removeAttribute("aria-current");
    copy.querySelector(".count")?.remove();
    return copy;
  }

  asking(link, typed) {
    const copy = this.copy(link);
    copy.href = link.getAttribute("href") + "?q=" + encodeURIComponent(typed);
    copy.append(` : ${typed}`);
    return copy;
  }

  // Addresses that begin as what is typed, as the box of addresses has them.
  suggest(typed, found) {
    clearTimeout(this.timer);
    const from = this.list.dataset.from;
    const asks = from && typed.length > 2;
    this.none.hidden = found || Boolean(asks);
    if (!asks) return;
    this.timer = setTimeout(async () => {
      try {
        const answer = await fetch(from + "?q=" + encodeURIComponent(typed));
        const lines = answer.ok ? await answer.json() : [];
        if (typed !== this.input.value.trim()) return;
        this.none.hidden = found || lines.length > 0;
        const ask = this.known.find((link) => from.startsWith(link.getAttribute("href") + "/"));
        this.add(
          lines.map((text) => {
            const link = this.asking(ask, text);
            link.replaceChildren(link.querySelector("svg"), text);
            return link;
          }),
        );
      } catch {
        // The next letter may succeed.
      }
    }, 120);
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = [this.input, ...this.list.querySelectorAll("a")];
    const here = stops.indexOf(document.activeElement);
    stops[(here + step + stops.length) % stops.length].focus();
  }
}

// Keys that lead somewhere by themselves, and the dialog that tells them. They can be turned off,
// for those whose voice or hand presses keys unmeant (WCAG 2.1.4); this browser keeps that.
class ShortcutKeys extends HTMLElement {
  connectedCallback() {
    const ready = shared.then(() => this.wire());
    this.firstElementChild.addEventListener("click", () => ready.then(() => this.dialog?.showModal()));
    document.addEventListener("keydown", (event) => {
      const busy = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
      const typing = event.target.matches?.("input, select, textarea");
      const active = localStorage.getItem("touches") !== "non";
      if (!active || busy || typing || document.querySelector("dialog[open]")) return;
      if (event.key === "/") {
        event.preventDefault();
        document.getElementById("find").focus();
      } else ready.then(() => this.dialog && this.press(event.key));
    });
  }

  wire() {
    this.dialog = document.getElementById("touches");
    if (!this.dialog) return;
    const active = this.dialog.querySelector("input");
    active.checked = localStorage.getItem("touches") !== "non";
    active.addEventListener("change", () => {
      if (active.checked) localStorage.removeItem("touches");
      else localStorage.setItem("touches", "non");
    });
  }

  press(key) {
    const keys = (this.begun ?? "") + key;
    this.begun = "";
    const link = this.dialog.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
    const step = { j: 1, k: -1 }[key];
    if (link) link.click();
    else if (key === "g") {
      this.begun = "g";
      setTimeout(() => (this.begun = ""), 1500);
    } else if (key === "?") this.dialog.showModal();
    else if (step) this.row(step);
  }

  // The first link of the next line of a list, or of the one before.
  row(step) {
    const lines = document.querySelectorAll("main tbody tr, main .rows > li");
    const links = [...lines].map((line) => line.querySelector("a")).filter((link) => link);
    const at = links.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
    const next = at < 0 && step < 0 ? links.length - 1 : at + step;
    links[next]?.focus();
  }
}

// One click between light and dark, kept in the cookie the server reads.
class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => {
      const root = document.documentElement;
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      const kept = "; path=/; max-age=31536000; secure; samesite=lax";
      document.cookie = "theme=" + root.dataset.theme + kept;
    });
  }
}

// Copies the text of the block it names, and says so.
class CopyButton extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button, a");
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      const { text } = this.dataset;
      const block = document.getElementById(this.getAttribute("for"));
      // What is to be copied is a block of the page, or an address of the portal.
      const copied = text ? new URL(text, location.href).href : block.textContent;
      await navigator.clipboard.writeText(copied);
      button.querySelector("span").textContent = this.dataset.done;
    });
  }
}

// Shown only where there is a script to answer it.
class PrintButton extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.firstElementChild.addEventListener("click", () => print());
  }
}

// Brings the reader to what is wrong as soon as the page is shown.
class ErrorSummary extends HTMLElement {
  connectedCallback() {
    this.firstElementChild?.focus();
  }
}

// What is under way on a page: looked at again every three seconds; when it is over the whole page
// comes again.
class LivePart extends HTMLElement {
  connectedCallback() {
    this.timer = setTimeout(() => this.renew(), 3000);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  async renew() {
    try {
      const answer = await fetch(location.href);
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.querySelector("live-part");
      // Without what the address said was just begun.
      if (!part) return location.replace(location.pathname);
      this.replaceChildren(...part.childNodes);
    } catch {
      // The next look may succeed.
    }
    this.connectedCallback();
  }
}

// Lines to choose from under a box, as the server suggests them for what is typed so far: a combobox
// with a list. Without it the box is a plain field.
class AddressBox extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.list = document.createElement("ul");
    this.list.id = this.input.id + "-suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.input.labels[0].textContent);
    this.list.hidden = true;
    this.append(this.list);
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(roles)) this.input.setAttribute(name, value);
    this.show([]);
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.move(event));
    this.input.addEventListener("blur", () => this.show([]));
    // Before the box loses the focus.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.choose(event.target.closest("li"));
    });
  }

  async ask() {
    const typed = this.input.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      if (typed.trim().length < 3) return this.show([]);
      try {
        const answer = await fetch(this.dataset.from + "?q=" + encodeURIComponent(typed));
        const lines = answer.ok ? await answer.json() : [];
        // An answer to what has changed since is no answer.
        if (typed === this.input.value && document.activeElement === this.input) this.show(lines);
      } catch {
        this.show([]);
      }
    }, 120);
  }

  show(lines) {
    this.at = -1;
    this.list.replaceChildren(
      ...lines.map((text, at) => {
        const line = document.createElement("li");
        line.id = `${this.list.id}-${at}`;
        line.setAttribute("role", "option");
        line.setAttribute("aria-selected", "false");
        line.textContent = text;
        return line;
      }),
    );
    this.list.hidden = lines.length === 0;
    this.input.setAttribute("aria-expanded", String(lines.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  move(event) {
    const lines = [...this.list.children];
    if (event.key === "Escape" && lines.length) {
      event.preventDefault();
      return this.show([]);
    }
    if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      return this.choose(lines[this.at]);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !lines.length) return;
    event.preventDefault();
    lines[this.at]?.setAttribute("aria-selected", "false");
    this.at = (this.at + step + lines.length + (this.at < 0 && step < 0)) % lines.length;
    lines[this.at].setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", lines[this.at].id);
  }

  choose(line) {
    if (!line) return;
    this.input.value = line.textContent;
    this.show([]);
    this.input.form.requestSubmit();
  }
}

// The structure of an address as a tree to go through with the keyboard: one stop of Tab, arrows,
// Home, End, the first letters of a name, and * to unfold what stands beside. Without it the parts
// are plain details. The form it names by `for` narrows it while one types.
class AddressTree extends HTMLElement {
  connectedCallback() {
    if (this.dataset.ready) return;
    this.dataset.ready = "";
    // From the innermost: what is inside is ready when its parent takes it.
    for (const part of [...this.querySelectorAll("details:not(.menu)")].reverse()) this.branch(part);
    for (const leaf of this.querySelectorAll("li")) leaf.setAttribute("role", "treeitem");
    this.setAttribute("role", "tree");
    this.setAttribute("aria-label", this.dataset.label);
    const items = [...this.querySelectorAll("[role=treeitem]")];
    for (const item of items) {
      let level = 1;
      const above = (one) => one.parentElement.closest(".branch");
      const first = item.matches(".twig") ? item.parentElement : item;
      for (let up = above(first); up; up = above(up)) level += 1;
      item.setAttribute("aria-level", level);
    }
    this.settle(this.querySelector("li[aria-current]") ?? items[0]);
    this.addEventListener("keydown", (event) => this.move(event));
    this.addEventListener("click", (event) => this.click(event));
    this.form = document.getElementById(this.getAttribute("for"));
    this.form?.addEventListener("input", () => this.narrow());
  }

  // A part as a treeitem and the group that follows it.
  branch(part) {
    const [branch, twig] = [document.createElement("div"), document.createElement("div")];
    const [label, ...inside] = part.children;
    const lone = inside.length === 1 && inside[0].matches("ul");
    const group = lone ? inside[0] : document.createElement("div");
    if (!lone) group.append(...inside);
    group.setAttribute("role", "group");
    branch.className = "branch";
    twig.className = "twig";
    twig.setAttribute("role", "treeitem");
    twig.setAttribute("aria-expanded", String(part.open));
    twig.append(...label.childNodes);
    branch.append(twig, group);
    part.replaceWith(branch);
  }

  shown() {
    const items = [...this.querySelectorAll("[role=treeitem]")];
    return items.filter((item) => item.offsetParent !== null);
  }

  // The one that Tab comes to; what is inside the others is out of its way.
  settle(item) {
    for (const one of this.querySelectorAll("[role=treeitem], a, button, summary, pre")) {
      one.tabIndex = one === item || item?.contains(one) ? 0 : -1;
    }
    return item;
  }

  unfold(twig, open) {
    if (twig?.hasAttribute("aria-expanded")) twig.setAttribute("aria-expanded", String(open));
  }

  click(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    this.settle(item);
    if (item.matches(".twig")) {
      this.unfold(item, item.getAttribute("aria-expanded") !== "true");
      item.focus();
    }
  }

  move(event) {
    const item = event.target.closest("[role=treeitem]");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inside = event.target !== item;
    const items = this.shown();
    const at = items.indexOf(item);
    const open = item.getAttribute("aria-expanded");
    const around = item.matches(".twig") ? item.parentElement.parentElement : item;
    const parent = around.closest(".branch")?.firstElementChild;
    const to = (one) => {
      event.preventDefault();
      if (one) this.settle(one).focus();
    };
    const key = event.key;
    if (key === "ArrowDown") to(items[at + 1]);
    else if (key === "ArrowUp") to(items[at - 1]);
    else if (inside) return;
    else if (key === "Home") to(items[0]);
    else if (key === "End") to(items.at(-1));
    else if (key === "ArrowRight" && open === "true") to(items[at + 1]);
    else if (key === "ArrowLeft" && open !== "true") to(parent);
    else if (key === "ArrowRight" || key === "ArrowLeft") {
      this.unfold(item, key === "ArrowRight");
      to(item);
    } else if (key === "Enter" || key === " ") {
      if (open) this.unfold(item, open !== "true");
      else item.querySelector("a, summary")?.focus();
      event.preventDefault();
    } else if (key === "*") {
      const siblings = item.closest(".branch")?.parentElement.children ?? [];
      for (const one of siblings) this.unfold(one.firstElementChild, true);
      event.preventDefault();
    } else if (/^[\p{L}\p{N}]$/u.test(key)) this.seek(key, items, at, to);
  }

  // Letters typed soon after each other are the beginning of one name.
  seek(letter, items, at, to) {
    clearTimeout(this.forget);
    this.forget = setTimeout(() => (this.typed = ""), 700);
    this.typed = (this.typed ?? "") + plain(letter);
    const from = this.typed.length > 1 ? at : at + 1;
    const order = [...items.slice(from), ...items.slice(0, from)];
    const begins = (item) => plain(item.innerText).trim().startsWith(this.typed);
    to(order.find(begins));
  }

  // Doors that begin with what is typed, PTOs that contain it.
  narrow() {
    const bare = (text) => plain(text ?? "").replace(/[\s-]/g, "");
    const asked = (name) => bare(this.form.elements[name]?.value);
    const [porte, pto] = [asked("Porte"), asked("ReferencePrise")];
    let kept = 0;
    for (const leaf of this.querySelectorAll("li")) {
      const held = bare(leaf.querySelector("[data-pto]")?.textContent);
      leaf.hidden = !bare(leaf.dataset.porte).startsWith(porte) || !held.includes(pto);
      kept += leaf.hidden ? 0 : 1;
    }
    for (const branch of this.querySelectorAll(".branch")) {
      branch.hidden = !branch.querySelector("li:not([hidden])");
      if (porte || pto) this.unfold(branch.firstElementChild, true);
    }
    const count = this.closest(".panel").querySelector("output");
    if (count) count.value = kept;
    this.settle(this.shown()[0]);
  }
}

customElements.define("command-palette", CommandPalette);
customElements.define("address-tree", AddressTree);
customElements.define("shortcut-keys", ShortcutKeys);
customElements.define("theme-switch", ThemeSwitch);
customElements.define("copy-button", CopyButton);
customElements.define("print-button", PrintButton);
customElements.define("error-summary", ErrorSummary);

// A menu closes when one looks elsewhere; the same form is not sent twice by an impatient click.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
customElements.define("live-part", LivePart);
customElements.define("address-box", AddressBox);
