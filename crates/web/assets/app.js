// Progressive enhancement only: every page works without this file. No word is written here; what
// a person reads comes from the page.

// Ctrl K: go to any entry of the navigation or any action of the page, or search the orders.
class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = document.getElementById("palette");
    if (!this.dialog) return;
    this.input = this.dialog.querySelector("input");
    this.list = this.dialog.querySelector("ul");
    this.firstElementChild.addEventListener("click", () => this.open());
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        this.open();
      }
    });
    this.input.addEventListener("input", () => this.fill());
    this.dialog.addEventListener("keydown", (event) => this.move(event));
  }

  open() {
    this.input.value = "";
    this.fill();
    if (!this.dialog.open) this.dialog.showModal();
    this.input.focus();
  }

  // Copies of the links whose words contain what is typed, accents and case aside.
  fill() {
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const typed = this.input.value.trim();
    const links = document.querySelectorAll(".nav li a, .head .actions a");
    const found = [...links].filter((link) => plain(link.textContent).includes(plain(typed)));
    const items = found.map((link) => {
      const copy = link.cloneNode(true);
      copy.className = "";
      copy.removeAttribute("aria-current");
      copy.querySelector(".count")?.remove();
      return copy;
    });
    if (typed) items.unshift(this.search(typed));
    this.list.replaceChildren(
      ...items.map((item) => {
        const line = document.createElement("li");
        line.append(item);
        return line;
      }),
    );
  }

  search(typed) {
    const link = document.createElement("a");
    link.href = "/commandes?q=" + encodeURIComponent(typed);
    const icon = document.querySelector(".find > .i").cloneNode(true);
    link.append(icon, `${this.list.dataset.search} : ${typed}`);
    return link;
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

customElements.define("command-palette", CommandPalette);
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
