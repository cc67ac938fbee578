// The map of the territory, over the drawing that the page comes with: without this file, without
// WebGL or on paper, the drawing stays. Colours are those of the legend; words come from the page.
class TerritoryMap extends HTMLElement {
  connectedCallback() {
    const script = document.createElement("script");
    script.src = this.dataset.script;
    script.addEventListener("load", () => this.start());
    document.head.append(script);
  }

  start() {
    const lib = globalThis.maplibregl;
    lib.setWorkerUrl(this.dataset.worker);
    const holder = document.createElement("div");
    holder.className = "live";
    const sheet = this.querySelector(".sheet");
    sheet.append(holder);
    const [west, south, east, north] = this.dataset.bounds.split(",").map(Number);
    this.home = [[west, south], [east, north]];
    try {
      this.map = new lib.Map({
        container: holder,
        style: this.style_(),
        bounds: this.home,
        maxZoom: 19.5,
        dragRotate: false,
        pitchWithRotate: false,
        attributionControl: false,
        locale: { "Map.Title": this.dataset.label },
      });
    } catch {
      holder.remove();
      return;
    }
    this.map.touchZoomRotate.disableRotation();
    this.map.once("load", () => {
      sheet.querySelector("svg").classList.add("print");
      this.querySelector(".tools").hidden = false;
      this.say(this.querySelector(".picked").dataset.hint);
      this.fetch_();
      this.map.on("moveend", () => this.fetch_());
    });
    this.map.on("idle", () => {
      if (!this.asking) this.dataset.ready = "yes";
    });
    this.wire();
  }

  wire() {
    this.map.on("click", (event) => this.pick(event));
    // In another room the whole is shown again, unless somebody looked elsewhere.
    this.map.on("movestart", (event) => (this.moved ||= Boolean(event.originalEvent)));
    this.map.on("resize", () => {
      if (!this.moved) this.map.fitBounds(this.home, { animate: false });
    });
    this.map.on("mousemove", (event) => {
      const over = this.under(event.point);
      this.map.getCanvas().style.cursor = over ? "pointer" : "";
    });
    for (const button of this.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => {
        const step = Number(button.dataset.zoom);
        this.moved = step !== 0;
        if (step) this.map.zoomTo(this.map.getZoom() + step);
        else this.map.fitBounds(this.home);
      });
    }
    const legend = this.parentElement.querySelector(".legend");
    for (const box of legend.querySelectorAll("input")) {
      box.hidden = false;
      const kind = box.closest("[data-genre]").dataset.genre;
      box.addEventListener("change", () => {
        const shown = box.checked ? "visible" : "none";
        this.map.setLayoutProperty(kind, "visibility", shown);
      });
    }
    const repaint = () => this.repaint();
    new MutationObserver(repaint).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  // The style again in the new colours, with the data that is there.
  repaint() {
    this.map.setStyle(this.style_());
    this.map.once("styledata", () => {
      if (this.last) this.map.getSource("all").setData(this.last);
    });
  }

  async fetch_() {
    const b = this.map.getBounds();
    const box = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
    const kept = box.map((degrees, i) => Math.max(-180, Math.min(180, degrees)).toFixed(6));
    const asked = (this.asked = (this.asked || 0) + 1);
    const { width, height } = this.map.getCanvas().getBoundingClientRect();
    const room = Math.round((width * height) / 3600);
    this.asking = true;
    const answer = await fetch(`${this.from()}bbox=${kept.join(",")}&place=${room}`);
    if (asked !== this.asked) return;
    this.asking = false;
    if (!answer.ok) return;
    this.last = await answer.json();
    this.map.getSource("all")?.setData(this.last);
    this.tally();
  }

  from() {
    const { from } = this.dataset;
    return from + (from.includes("?") ? "&" : "?");
  }

  // The legend counts what is in sight, and the footer says what it is made of.
  tally() {
    const all = this.last.features.map((feature) => feature.properties);
    const near = all.some((found) => found.genre === "immeuble") ? "pres" : "loin";
    for (const words of this.parentElement.querySelectorAll("[data-vue]")) {
      words.hidden = words.dataset.vue !== near;
    }
    for (const line of this.parentElement.querySelectorAll(".legend li")) {
      const { etat, genre } = line.dataset;
      const found = etat
        ? all.reduce((sum, found) => sum + (found.etats?.[etat] ?? 0), 0)
        : all.filter((found) => found.genre === genre).length;
      line.querySelector("b").textContent = found.toLocaleString("fr-FR");
    }
  }

  under(point) {
    const layers = ["pm", "pbo", "spots"].filter((id) => this.map.getLayer(id));
    const box = [[point.x - 4, point.y - 4], [point.x + 4, point.y + 4]];
    return this.map.queryRenderedFeatures(box, { layers })[0];
  }

  pick(event) {
    const found = this.under(event.point);
    if (!found) return;
    const { titre, lien } = found.properties;
    if (!lien) {
      this.moved = true;
      this.map.easeTo({ center: event.lngLat, zoom: this.map.getZoom() + 2 });
    }
    this.say(titre, lien);
  }

  say(text, href) {
    const line = this.querySelector(".picked");
    const words = document.createElement(href ? "a" : "span");
    if (href) words.href = href;
    words.textContent = text;
    line.replaceChildren(words);
  }

  style_() {
    const colour = (selector, property = "color") =>
      getComputedStyle(this.parentElement.querySelector(selector))[property];
    const ground = getComputedStyle(this.querySelector(".sheet")).backgroundColor;
    const states = ["deploye", "demande", "travaux", "prevu", "abandonne"];
    const paired = (of) => states.flatMap((state) => [state, of(state)]);
    const tone = (state) => colour(`[data-etat="${state}"] circle`, "stroke");
    const fill = (state) => colour(`[data-etat="${state}"] circle`, "fill");
    const paper = getComputedStyle(this.parentElement).backgroundColor;
    const brand = colour('[data-genre="pm"] rect', "fill");
    const ink = colour('[data-genre="pbo"] path', "stroke");
    const text = { "text-color": ink, "text-halo-color": ground, "text-halo-width": 2 };
    const is = (...kinds) => ["in", ["get", "genre"], ["literal", kinds]];
    const font = { "text-font": ["Texte"] };
    const size = ["min", 26, ["+", 4, ["sqrt", ["get", "n"]]]];
    // From afar, buildings must not hide each other.
    const byZoom = (...stops) => ["interpolate", ["linear"], ["zoom"], ...stops];
    const here = ["==", ["get", "ici"], true];
    const radius = (building) => ["case", is("immeuble"), building, size];
    return {
      version: 8,
      sources: {
        all: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": ground } },
        {
          id: "roads",
          type: "line",
          source: "all",
          filter: is("rue"),
          layout: { "line-cap": "round", "line-join": "round" },
          paint: { "line-color": paper, "line-width": byZoom(14, 2, 16, 8, 17, 15, 18, 28, 19.5, 64) },
        },
        {
          id: "streets",
          type: "symbol",
          source: "all",
          filter: is("rue"),
          minzoom: 15,
          layout: {
            ...font,
            "symbol-placement": "line",
            "text-field": ["get", "court"],
            "text-size": 13,
            // Beside the houses, which stand on both sides.
            "text-offset": [0, 1.9],
          },
          paint: text,
        },
        {
          id: "ways",
          type: "line",
          source: "all",
          filter: is("trace"),
          paint: { "line-color": brand, "line-width": 3, "line-dasharray": [2, 1] },
        },
        {
          id: "spots",
          type: "circle",
          source: "all",
          filter: is("voie", "groupe", "immeuble"),
          paint: {
            "circle-color": ["match", ["get", "etat"], ...paired(fill), ground],
            "circle-stroke-color": ["match", ["get", "etat"], ...paired(tone), ink],
            "circle-opacity": ["match", ["get", "etat"], ["prevu", "abandonne"], 1, 0.55],
            "circle-stroke-width": byZoom(13, 0.75, 16, ["case", here, 4, 1.5]),
            "circle-radius": byZoom(13, radius(2), 16, radius(["case", here, 10, 4.5]), 19, radius(9)),
          },
        },
        {
          id: "pbo",
          type: "symbol",
          source: "all",
          filter: is("pbo"),
          layout: { ...font, "text-field": "▲", "text-size": 15, "text-allow-overlap": true },
          paint: text,
        },
        {
          id: "pm",
          type: "symbol",
          source: "all",
          filter: is("pm"),
          layout: { ...font, "text-field": "■", "text-size": 22, "text-allow-overlap": true },
          paint: { ...text, "text-color": brand },
        },
        {
          id: "names",
          type: "symbol",
          source: "all",
          filter: is("voie", "immeuble", "pm"),
          minzoom: 14,
          layout: {
            ...font,
            "text-field": ["get", "court"],
            "text-size": 13,
            // A number stands over its building: the next one is often close beside it.
            "text-anchor": ["case", is("immeuble"), "bottom", "left"],
            "text-offset": ["case", is("immeuble"), ["literal", [0, -0.6]], ["literal", [0.9, 0]]],
          },
          paint: text,
        },
        {
          id: "communes",
          type: "symbol",
          source: "all",
          filter: is("commune"),
          maxzoom: 15,
          layout: { ...font, "text-field": ["get", "court"], "text-size": 17 },
          paint: text,
        },
      ],
    };
  }
}

customElements.define("territory-map", TerritoryMap);
