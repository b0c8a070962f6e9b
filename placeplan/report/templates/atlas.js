"use strict";
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const Z = D.zones, U = D.units, N = Z.id.length, S = D.sites, FAR = D.notReached;
  const bytes = Uint8Array.from(atob(D.minutes), (c) => c.charCodeAt(0));
  const T = new Uint16Array(bytes.buffer);
  const STATE = ["ers", "special", "hub", "support_centre"];
  const COLOURS = ["#ffffd9", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d7fb3", "#253494"];
  const MARKS = {
    special: ["M-5,-5h10v10h-10z", "#0072b2"], ers: ["M0,-5.6a5.6,5.6 0 1,0 .01,0z", "#56b4e9"],
    hub: ["M-2,-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z", "#009e73"], support_centre: ["M0,-6.5L6,5H-6z", "#f0e442"],
    independent_special: ["M0,-6.5L5.5,0L0,6.5L-5.5,0z", "#d55e00"], non_maintained_special: ["M0,-6.5L4,0L0,6.5L-4,0z", "#e69f00"],
    independent_other: ["M0,6.5L6,-5H-6z", "#cc79a7"], college: ["M0,-6L5.7,-1.9L3.5,4.9H-3.5L-5.7,-1.9z", "#ffffff"],
    mainstream_support: ["M-5,-3h10v6h-10z", "#bbbbbb"],
  };
  const $ = (id) => document.getElementById(id);
  const svgNode = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (parent) parent.appendChild(node);
    return node;
  };
  const yearName = (y) => (y < 0 ? `age ${y + 4}` : y === 0 ? "Reception" : y <= 13 ? `Year ${y}` : `age ${y + 4}`);
  const tenth = (t) => (t === FAR ? "not reached" : `${(t / 10).toFixed(0)} minutes`);

  // ------------------------------------------------------------------ what is chosen
  const form = $("choices");
  const option = (parent, value, words) => { const o = document.createElement("option"); o.value = value; o.textContent = words; parent.appendChild(o); };
  for (const group of D.needs) {
    const g = document.createElement("optgroup"); g.label = group.area; $("need").appendChild(g);
    for (const [code, words] of Object.entries(group.codes)) option(g, code, `${words} (${code})`);
  }
  for (const [code, phase] of Object.entries(D.phases)) option($("phase"), code, phase.name);
  option($("provision"), "state", "Any state special place");
  for (const [code, words] of Object.entries(D.provisions)) option($("provision"), code, words);
  const candidates = U.filter((u) => u.candidate);
  $("candidates").hidden = candidates.length === 0;
  for (const u of candidates) {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox"; box.name = "with"; box.value = u.id;
    label.append(box, ` ${u.name}`); $("candidate-list").appendChild(label);
  }
  const years = () => {
    const phase = D.phases[$("phase").value], kept = $("year").value;
    $("year").replaceChildren(); option($("year"), "", "The whole phase");
    for (let y = phase.years[0]; y <= phase.years[1]; y++) option($("year"), String(y), yearName(y));
    $("year").value = [...$("year").options].some((o) => o.value === kept) ? kept : "";
  };
  const readHash = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of ["need", "phase", "provision", "schools", "measure", "limit"]) {
      const value = given.get(name);
      if (value !== null && (name === "limit" || [...$(name).options].some((o) => o.value === value))) $(name).value = value;
    }
    years();
    if (given.has("year")) $("year").value = given.get("year");
    const on = (given.get("with") || "").split(",");
    for (const box of form.querySelectorAll("input[name=with]")) box.checked = on.includes(box.value);
    if (!$("year").value) $("year").value = "";
  };
  const chosen = () => {
    const phase = $("phase").value, typed = parseFloat($("limit").value);
    return {
      need: $("need").value, phase, year: $("year").value, provision: $("provision").value, schools: $("schools").value,
      measure: $("measure").value, limit: typed > 0 ? typed : D.guidance[phase], stated: typed > 0,
      with: [...form.querySelectorAll("input[name=with]:checked")].map((box) => box.value),
    };
  };
  const writeHash = (c) => {
    const parts = { need: c.need, phase: c.phase, provision: c.provision, schools: c.schools, measure: c.measure };
    if (c.year !== "") parts.year = c.year;
    if (c.stated) parts.limit = String(c.limit);
    if (c.with.length) parts.with = c.with.join(",");
    history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
  };

  // ------------------------------------------------------------------ what it comes to
  const serving = (c, withCandidates) => U.filter((u) =>
    u.needs.includes(c.need) && (c.provision === "state" ? STATE.includes(u.kind) : u.provision === c.provision) &&
    (c.schools === "all" || u.inCounty) && (!u.candidate || (withCandidates && c.with.includes(u.id))));
  const yearsOf = (c, units) => {
    const [from, to] = D.phases[c.phase].years, all = [];
    for (let y = from; y <= to; y++) if (units.some((u) => u.years[0] <= y && y <= u.years[1])) all.push(y);
    return c.year === "" ? all : all.filter((y) => y === Number(c.year));
  };
  // Of each zone: the minutes of the year group that is served worst, and units and places within the limit of it.
  const reach = (units, ages, limit) => {
    const minutes = new Uint16Array(N).fill(ages.length ? 0 : FAR), count = new Float64Array(N).fill(ages.length ? Infinity : 0);
    const places = new Float64Array(N).fill(ages.length ? Infinity : 0), bound = limit * 10 + 1e-6;
    for (const y of ages) {
      const mine = units.filter((u) => u.years[0] <= y && y <= u.years[1]);
      for (let z = 0; z < N; z++) {
        let least = FAR, near = 0, room = 0;
        for (const u of mine) {
          const t = T[z * S + u.site];
          if (t < least) least = t;
          if (t !== FAR && t <= bound) { near++; room += u.places || 0; }
        }
        if (least > minutes[z]) minutes[z] = least;
        if (near < count[z]) count[z] = near;
        if (room < places[z]) places[z] = room;
      }
    }
    return { minutes, count, places };
  };
  const score = (units, limit, people) => {
    const weight = (t) => (t === FAR || t > limit * 10 + 1e-6 ? 0 : t <= limit * 10 / 3 + 1e-6 ? 1 : t <= limit * 20 / 3 + 1e-6 ? 0.68 : 0.22);
    const made = new Float64Array(N);
    for (const u of units) {
      if (!u.places) continue;
      let demand = 0;
      for (let z = 0; z < N; z++) demand += weight(T[z * S + u.site]) * people[z];
      if (demand > 0) for (let z = 0; z < N; z++) made[z] += weight(T[z * S + u.site]) * u.places / demand;
    }
    return made.map((one) => one * 1000);
  };
  const classes = (c) => {
    const minutes = (edges) => [...edges.map((edge, at) => ({ upTo: edge, words: at ? `${edges[at - 1]} to ${edge} minutes` : `up to ${edge} minutes` })), { upTo: Infinity, words: `over ${edges[edges.length - 1]} minutes` }];
    switch (c.measure) {
      case "minutes": return minutes([15, 30, 45, 60, 75]);
      case "within": return [{ upTo: 1, words: `within ${c.limit} minutes`, colour: COLOURS[1] }, { upTo: 2, words: `beyond ${c.limit} minutes`, colour: COLOURS[5] }];
      case "units": return [[0, "none"], [1, "1"], [2, "2"], [4, "3 or 4"], [8, "5 to 8"], [Infinity, "more than 8"]].map(([upTo, words], at) => ({ upTo, words, colour: COLOURS[5 - at] }));
      case "places": return [[0, "none"], [50, "1 to 50"], [150, "51 to 150"], [300, "151 to 300"], [600, "301 to 600"], [Infinity, "more than 600"]].map(([upTo, words], at) => ({ upTo, words, colour: COLOURS[5 - at] }));
      case "score": return [[0, "none"], [1, "up to 1"], [3, "1 to 3"], [6, "3 to 6"], [12, "6 to 12"], [Infinity, "more than 12"]].map(([upTo, words], at) => ({ upTo, words, colour: COLOURS[5 - at] }));
      default: return [[0.05, "no change"], [5, "up to 5 minutes nearer"], [10, "5 to 10 minutes nearer"], [20, "10 to 20 minutes nearer"], [40, "20 to 40 minutes nearer"], [Infinity, "over 40 minutes nearer"]].map(([upTo, words]) => ({ upTo, words }));
    }
  };
  let now = null;
  const compute = () => {
    const c = chosen(), units = serving(c, true), ages = yearsOf(c, units), found = reach(units, ages, c.limit);
    const people = Z.people[c.phase];
    let value = new Float64Array(N), none = new Uint8Array(N);
    if (c.measure === "minutes" || c.measure === "within") {
      for (let z = 0; z < N; z++) {
        none[z] = found.minutes[z] === FAR ? 1 : 0;
        value[z] = c.measure === "minutes" ? found.minutes[z] / 10 : found.minutes[z] <= c.limit * 10 + 1e-6 && !none[z] ? 1 : 2;
        if (c.measure === "within" && none[z]) none[z] = 0;
      }
    } else if (c.measure === "units") value = found.count;
    else if (c.measure === "places") value = found.places;
    else if (c.measure === "score") value = score(units, c.limit, people);
    else {
      const plain = serving(c, false), before = reach(plain, ages, c.limit).minutes;
      for (let z = 0; z < N; z++) {
        none[z] = found.minutes[z] === FAR ? 1 : 0;
        value[z] = before[z] === FAR ? (none[z] ? 0 : 999) : (before[z] - found.minutes[z]) / 10;
      }
    }
    now = { c, units, ages, found, value, none, people, steps: classes(c) };
  };

  // ------------------------------------------------------------------ the drawing
  const svg = $("map"), [W, H] = D.size;
  const view = { x: 0, y: 0, k: 1 };
  const defs = svgNode("defs", {}, svg);
  const hatch = svgNode("pattern", { id: "hatch", width: 60, height: 60, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, defs);
  svgNode("rect", { width: 60, height: 60, fill: "#ffffff" }, hatch);
  svgNode("rect", { width: 22, height: 60, fill: "#555555" }, hatch);
  const world = svgNode("g", {}, svg), zoneLayer = svgNode("g", { class: "zones" }, world);
  const edgeLayer = svgNode("g", { class: "localities", "aria-hidden": "true" }, world);
  const focusRing = svgNode("path", { class: "focus", d: "" }, world);
  const unitLayer = svgNode("g", { class: "units", "aria-hidden": "true" }, world), nameLayer = svgNode("g", { class: "names", "aria-hidden": "true" }, world);
  const zonePaths = Z.path.map((d, z) => svgNode("path", { d, "data-zone": z }, zoneLayer));
  for (const l of D.localities) svgNode("path", { d: l.path }, edgeLayer);
  const names = D.localities.map((l) => {
    const g = svgNode("g", {}, nameLayer), words = l.name.split(" "), lines = [""];
    for (const word of words) { if ((lines[lines.length - 1] + word).length > 16 && lines[lines.length - 1]) lines.push(""); lines[lines.length - 1] += (lines[lines.length - 1] ? " " : "") + word; }
    const text = svgNode("text", {}, g);
    lines.forEach((line, at) => { const t = svgNode("tspan", { x: 0, dy: at ? "1.1em" : `${-(lines.length - 1) * 0.55}em` }, text); t.textContent = line; });
    return { g, at: l.at };
  });
  let marks = [];
  const place = () => {
    const box = svg.getBoundingClientRect(), scale = Math.min(box.width / W, box.height / H) || 1, unit = 1 / (scale * view.k);
    world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
    for (const m of marks) m.node.setAttribute("transform", `translate(${m.at[0]} ${m.at[1]}) scale(${unit * (m.size || 1)})`);
    const small = Math.min(1, Math.max(0.7, box.width / 560));
    for (const n of names) n.g.setAttribute("transform", `translate(${n.at[0]} ${n.at[1]}) scale(${unit * small})`);
    hatch.setAttribute("patternTransform", `rotate(45) scale(${unit / 6})`);
    const metres = 1 / (scale * view.k) * D.unitMetres * 110, steps = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000];
    const length = steps.filter((s) => s <= metres).pop() || 100;
    $("scale-bar").style.width = `${length / D.unitMetres * scale * view.k}px`;
    $("scale-words").textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  };
  const colourOf = (z) => {
    if (now.none[z]) return "url(#hatch)";
    const at = now.steps.findIndex((step) => now.value[z] <= step.upTo + 1e-9);
    return now.steps[at].colour || COLOURS[at];
  };
  const draw = () => {
    zonePaths.forEach((path, z) => path.setAttribute("fill", colourOf(z)));
    unitLayer.replaceChildren(); marks = [];
    const mine = new Set(now.units.map((u) => u.id)), seen = new Map();
    const shown = U.filter((u) => (mine.has(u.id) && (now.c.year === "" ? now.ages.some((y) => u.years[0] <= y && y <= u.years[1]) : true)) || u.candidate);
    for (const u of shown) {
      const key = u.at.join(), beside = seen.get(key) || 0; seen.set(key, beside + 1);
      const [d, fill] = MARKS[u.kind] || MARKS.mainstream_support, g = svgNode("g", { class: mine.has(u.id) ? "" : "off" }, unitLayer);
      if (u.candidate) svgNode("circle", { r: 9, class: "candidate" }, g);
      svgNode("path", { d, fill, transform: `translate(${beside * 9} 0)` }, g);
      svgNode("title", {}, g).textContent = `${u.name}${u.candidate ? " (candidate)" : ""}`;
      marks.push({ node: g, at: u.at });
    }
    legend(shown); place();
  };
  const legend = (shown) => {
    const list = $("legend"); list.replaceChildren();
    const row = (style, words) => { const li = document.createElement("li"), s = document.createElement("span"); s.className = "swatch"; s.style.background = style; li.append(s, words); list.appendChild(li); };
    now.steps.forEach((step, at) => row(step.colour || COLOURS[at], step.words));
    if (now.none.some((one) => one)) row("repeating-linear-gradient(45deg,#555 0 3px,#fff 3px 8px)", "not reached");
    const kinds = [...new Set(shown.map((u) => u.kind))];
    for (const kind of kinds) {
      const li = document.createElement("li"), s = svgNode("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true" }), [d, fill] = MARKS[kind] || MARKS.mainstream_support;
      svgNode("path", { d, fill, stroke: "#1b1b1b" }, s); li.append(s, D.kinds[kind]); list.appendChild(li);
    }
    if (shown.some((u) => u.candidate)) { const li = document.createElement("li"), s = svgNode("svg", { viewBox: "-11 -11 22 22", width: 16, height: 16, "aria-hidden": "true" }); svgNode("circle", { r: 9, class: "candidate" }, s); li.append(s, "Candidate base"); list.appendChild(li); }
  };

  // ------------------------------------------------------------------ what is said of a zone
  let current = -1, pinned = false;
  const valueWords = (z) => {
    const v = now.value[z];
    switch (now.c.measure) {
      case "minutes": return tenth(now.found.minutes[z]);
      case "within": return v === 1 ? `within ${now.c.limit} minutes` : `beyond ${now.c.limit} minutes`;
      case "units": return `${v} unit${v === 1 ? "" : "s"} within ${now.c.limit} minutes`;
      case "places": return `${v} counted places within ${now.c.limit} minutes`;
      case "score": return `${v.toFixed(1)} places within reach for 1,000 young people`;
      default: return now.none[z] ? "not reached" : v >= 999 ? "reached only with the candidates" : v < 0.05 ? "no change" : `${v.toFixed(0)} minutes nearer`;
    }
  };
  const item = (parent, words) => { const li = document.createElement("li"); li.textContent = words; parent.appendChild(li); };
  const tell = (z) => {
    current = z;
    const panel = $("zone"); panel.replaceChildren();
    if (z < 0) { panel.textContent = "Point at a zone, tap it, or move through the map with the arrow keys."; focusRing.setAttribute("d", ""); return; }
    focusRing.setAttribute("d", Z.path[z]);
    const h = document.createElement("h3"); h.textContent = Z.id[z]; panel.appendChild(h);
    const where = document.createElement("p");
    where.textContent = [D.localities[Z.locality[z]].name, Z.rural[z] === null ? "" : Z.rural[z] ? "rural" : "urban", Z.deprivation[z] === null ? "" : `deprivation decile ${Z.deprivation[z]}`].filter(Boolean).join(", ");
    const what = document.createElement("p"); what.className = "figure"; what.textContent = valueWords(z);
    const guidance = D.guidance[now.c.phase], t = now.found.minutes[z], beyond = document.createElement("p");
    beyond.textContent = !now.ages.length ? "No unit of this choice serves these ages." : t === FAR ? "No unit of this choice can be reached." : t > guidance * 10 + 1e-6 ? `Beyond the guidance of ${guidance} minutes.` : `Within the guidance of ${guidance} minutes.`;
    panel.append(where, what, beyond);
    const near = now.units.filter((u) => now.ages.some((y) => u.years[0] <= y && y <= u.years[1])).map((u) => [T[z * S + u.site], u]).filter(([m]) => m !== FAR).sort((a, b) => a[0] - b[0] || (a[1].id < b[1].id ? -1 : 1)).slice(0, 3);
    if (near.length) {
      const list = document.createElement("ol");
      for (const [m, u] of near) item(list, `${u.name}${u.candidate ? " (candidate)" : ""}: ${(m / 10).toFixed(0)} minutes, ${yearName(u.years[0])} to ${yearName(u.years[1])}`);
      panel.append("Nearest:", list);
    }
    const each = now.ages.map((y) => Math.min(FAR, ...now.units.filter((u) => u.years[0] <= y && y <= u.years[1]).map((u) => T[z * S + u.site])));
    if (new Set(each).size > 1) {
      const list = document.createElement("ul");
      for (let a = 0; a < each.length;) { let b = a; while (b + 1 < each.length && each[b + 1] === each[a]) b++; item(list, `${yearName(now.ages[a])}${b > a ? ` to ${yearName(now.ages[b])}` : ""}: ${tenth(each[a])}`); a = b + 1; }
      panel.append("By year group:", list);
    }
    const people = document.createElement("p"); people.textContent = `${Math.round(now.people[z]).toLocaleString("en-GB")} young people of these ages live here.`; panel.appendChild(people);
    if (D.children) {
      const mine = (D.children[Z.id[z]] || []).filter(([need, phase]) => need === now.c.need && phase === now.c.phase), p = document.createElement("p");
      p.textContent = mine.length ? `Children with plans: ${mine.map(([, , provision, n, w]) => `${n} (${provision}; ${w} within guidance)`).join(", ")}.` : "No child with this need and phase.";
      panel.appendChild(p);
    }
  };

  // ------------------------------------------------------------------ the table of localities
  const table = () => {
    const body = $("by-locality"); body.replaceChildren();
    const middle = (pairs) => {
      pairs.sort((a, b) => a[0] - b[0]); const total = pairs.reduce((sum, [, p]) => sum + p, 0); let so = 0;
      for (const [m, p] of pairs) { so += p; if (so >= total / 2) return m; } return FAR;
    };
    const row = (words, wanted) => {
      const zones = [...Z.id.keys()].filter(wanted), total = zones.reduce((sum, z) => sum + now.people[z], 0);
      const within = zones.filter((z) => now.found.minutes[z] !== FAR && now.found.minutes[z] <= now.c.limit * 10 + 1e-6).reduce((sum, z) => sum + now.people[z], 0);
      const worst = zones.reduce((most, z) => Math.max(most, now.found.minutes[z]), 0), tr = document.createElement("tr");
      const say = (t) => (t === FAR ? "not reached" : (t / 10).toFixed(0));
      const cells = [words, total ? `${Math.round(100 * within / total)}%` : "", Math.round(total).toLocaleString("en-GB"), Math.round(total - within).toLocaleString("en-GB"), say(middle(zones.map((z) => [now.found.minutes[z], now.people[z]]))), say(worst)];
      cells.forEach((cell, at) => { const td = document.createElement(at ? "td" : "th"); td.textContent = cell; if (at) td.className = "n"; else td.scope = "row"; tr.appendChild(td); });
      body.appendChild(tr);
    };
    D.localities.forEach((l, at) => row(l.name, (z) => Z.locality[z] === at));
    row("The county", () => true); body.lastChild.className = "total";
  };
  const say = () => {
    const c = now.c, select = (id) => $(id).selectedOptions[0].textContent;
    $("chosen").textContent = `${select("measure")}: ${select("provision")}; need: ${select("need")}; ${c.year === "" ? select("phase") : select("year")}; ${select("schools").toLowerCase()}${c.with.length ? `; with ${c.with.map((id) => candidates.find((u) => u.id === id).name).join(", ")}` : ""}; limit ${c.limit} minutes${c.stated ? "" : " (the guidance)"}.`;
    const ages = now.ages.length ? `${yearName(now.ages[0])}${now.ages.length > 1 ? ` to ${yearName(now.ages[now.ages.length - 1])}` : ""}` : "no year group";
    $("ages").textContent = `Counted for ${ages}, the ages of this phase that such a unit serves; a zone's figure is that of its worst-served year group.`;
    $("limit-note").textContent = `blank: ${D.guidance[c.phase]}, the guidance`;
    svg.setAttribute("aria-label", `Map of ${N} zones. ${$("chosen").textContent}`);
  };
  const refresh = () => { compute(); draw(); table(); say(); tell(current); writeHash(now.c); };

  // ------------------------------------------------------------------ moving about
  const limitView = () => { view.k = Math.min(40, Math.max(1, view.k)); view.x = Math.min(0, Math.max(W - W * view.k, view.x)); view.y = Math.min(0, Math.max(H - H * view.k, view.y)); };
  const zoom = (factor, px, py) => { const k = Math.min(40, Math.max(1, view.k * factor)), f = k / view.k; view.x = px - (px - view.x) * f; view.y = py - (py - view.y) * f; view.k = k; limitView(); place(); };
  const toDrawing = (event) => { const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()); return [p.x, p.y]; };
  const reset = () => { view.x = view.y = 0; view.k = 1; place(); };
  svg.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.25 : 0.8, ...toDrawing(event)); }, { passive: false });
  svg.addEventListener("dblclick", (event) => { event.preventDefault(); zoom(2, ...toDrawing(event)); });
  const fingers = new Map(); let from = null, moved = 0, span = 0;
  svg.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); from = toDrawing(event); moved = 0; if (fingers.size === 2) { const [a, b] = [...fingers.values()]; span = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY); } });
  svg.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) {
      const before = fingers.get(event.pointerId); fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        const [a, b] = [...fingers.values()], width = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        if (span > 0) zoom(width / span, ...toDrawing({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }));
        span = width; moved = 99; return;
      }
      moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
      if (moved > 4) { if (!svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId); const [x, y] = toDrawing(event); view.x += x - from[0]; view.y += y - from[1]; from = [x, y]; limitView(); place(); return; }
    }
    if (event.pointerType === "mouse" && !pinned) { const z = event.target.dataset ? event.target.dataset.zone : undefined; if (z !== undefined && Number(z) !== current) tell(Number(z)); }
  });
  const up = (event) => { fingers.delete(event.pointerId); };
  svg.addEventListener("pointerup", up); svg.addEventListener("pointercancel", up);
  svg.addEventListener("click", (event) => { if (moved > 4) return; const z = event.target.dataset ? event.target.dataset.zone : undefined; if (z === undefined) return; pinned = !(pinned && Number(z) === current); tell(Number(z)); });
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }, step = steps[event.key];
    if (event.key === "+" || event.key === "=") zoom(1.5, W / 2, H / 2);
    else if (event.key === "-") zoom(1 / 1.5, W / 2, H / 2);
    else if (event.key === "0") reset();
    else if (event.key === "Escape") { pinned = false; tell(-1); }
    else if (step) {
      if (current < 0) tell(0);
      else {
        const [x, y] = Z.at[current]; let best = -1, least = Infinity;
        Z.at.forEach(([px, py], z) => { const dx = px - x, dy = py - y, on = dx * step[0] + dy * step[1], off = Math.abs(dx * step[1]) + Math.abs(dy * step[0]); if (on > 0 && off <= 2 * on && on + 2 * off < least) { least = on + 2 * off; best = z; } });
        if (best >= 0) tell(best);
      }
      pinned = true;
    } else return;
    event.preventDefault();
  });
  $("zoom-in").addEventListener("click", () => zoom(1.5, W / 2, H / 2));
  $("zoom-out").addEventListener("click", () => zoom(1 / 1.5, W / 2, H / 2));
  $("zoom-reset").addEventListener("click", reset);
  $("find").addEventListener("change", (event) => { const z = Z.id.indexOf(event.target.value.trim()); if (z >= 0) { pinned = true; tell(z); } });
  for (const id of Z.id) option($("zone-ids"), id, "");
  $("phase").addEventListener("change", years);
  form.addEventListener("input", refresh); form.addEventListener("change", refresh);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => { readHash(); refresh(); });
  window.addEventListener("resize", place);
  $("need").value = D.choice.need; $("phase").value = D.choice.phase; $("provision").value = D.choice.provision;
  readHash(); refresh();
  document.documentElement.dataset.ready = "yes";
})();
