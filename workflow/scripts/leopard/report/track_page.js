"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const signs = { "Called and bound": "✓", "Called, not bound": "✗", "Bound, not called": "○" };
const show = 500; // bases to each side of a site at first

async function gunzip(base64) {
  const bytes = Uint8Array.from(atob(base64), (x) => x.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

const unpacked = new Map();
function unpack(slice) {
  if (!unpacked.has(slice)) unpacked.set(slice, gunzip(slice[3]).then(JSON.parse));
  return unpacked.get(slice);
}

const readers = {
  signals: readRuns,
  scores: readRuns,
  calls: (own, track) =>
    own.calls[track.number].map(([start, end, height]) => ({ start, end, name: height.toFixed(3) })),
  labels: (own) =>
    own.labels.map(([start, end, counts]) =>
      counts ? { start, end } : { start, end, name: "not counted", color: "#D0D0D0" }),
  hits: (own) =>
    own.hits.map(([start, end, strand, score]) => ({ start, end, strand, name: `${score} bits` })),
};

function readRuns(own, track, first) {
  const [lengths, values] = own[track.kind][track.number];
  const features = [];
  let start = first;
  lengths.forEach((length, i) => {
    if (values[i]) features.push({ start, end: start + length, value: values[i] });
    start += length;
  });
  return features;
}

function describe(line, track) {
  const reader = {
    async readFeatures(chr, start, end) {
      const features = [];
      for (const slice of data.lines[line].slices) {
        if (slice[0] !== chr || slice[1] >= end || slice[2] <= start) continue;
        const own = await unpack(slice);
        for (const x of readers[track.kind](own, track, slice[1])) features.push({ chr, ...x });
      }
      return features.sort((a, b) => a.start - b.start);
    },
  };
  const common = { name: track.name, color: track.colour, reader, visibilityWindow: -1, removable: false };
  if (track.top === undefined)
    return { ...common, type: "annotation", displayMode: "COLLAPSED", height: 40 };
  const lines = track.threshold === undefined ? [] : [{ color: "#000000", dotted: true, y: track.threshold }];
  return { ...common, type: "wig", min: 0, max: track.top, autoscale: false, height: 60, guideLines: lines, overflowColor: "#000000" };
}

let browser;
let current; // cell line whose tracks are loaded
let chosen; // number of the site, as text
let queue = Promise.resolve();

async function go(site) {
  const line = data.lines[site.line];
  if (current !== site.line) {
    for (const track of current ? data.lines[current].tracks : []) browser.removeTrackByName(track.name);
    current = site.line;
    await browser.loadTrackList(line.tracks.map((x) => describe(site.line, x)));
  }
  const at = `${site.chrom}:${(site.position + 1).toLocaleString("en")}`;
  document.getElementById("shown").textContent = `${line.title}: ${site.outcome.toLowerCase()}, ${at}`;
  await browser.search(`${site.chrom}:${Math.max(site.position - show, 0) + 1}-${site.position + show}`);
}

function mark() {
  const rows = [...document.querySelectorAll("#rows tr")];
  const marked = rows.find((x) => x.dataset.site === chosen);
  for (const x of rows) {
    x.ariaSelected = String(x === marked);
    x.tabIndex = x === (marked || rows[0]) ? 0 : -1; // one of them takes part in going by Tab
  }
}

function select(row) {
  chosen = row.dataset.site;
  mark();
  queue = queue.then(() => go(data.sites[row.dataset.site])).catch(complain);
}

function complain(error) {
  document.getElementById("problem").textContent = `The tracks cannot be shown: ${error.message || error}`;
}

function fillTable() {
  const outcome = document.getElementById("outcome").value;
  const line = document.getElementById("line").value;
  const rows = document.getElementById("rows");
  rows.replaceChildren();
  data.sites.forEach((site, i) => {
    if ((outcome && site.outcome !== outcome) || (line && site.line !== line)) return;
    const row = rows.insertRow();
    row.dataset.site = i;
    const sign = document.createElement("span");
    sign.className = "sign";
    sign.style.color = data.colours[site.outcome];
    sign.textContent = signs[site.outcome] || "•";
    row.insertCell().append(sign, site.outcome);
    row.insertCell().textContent = site.line;
    row.insertCell().textContent = `${site.chrom}:${(site.position + 1).toLocaleString("en")}`;
    const probability = row.insertCell();
    probability.className = "number";
    probability.textContent = site.probability.toFixed(3);
    row.insertCell().textContent = site.chosen;
  });
  document.getElementById("count").textContent = `${rows.rows.length} sites`;
  mark();
}

function fillFilter(id, names) {
  const filter = document.getElementById(id);
  for (const name of new Set(names)) filter.add(new Option(name));
  filter.addEventListener("change", fillTable);
}

async function start() {
  fillFilter("outcome", data.sites.map((x) => x.outcome));
  fillFilter("line", data.sites.map((x) => x.line));
  fillTable();
  const rows = document.getElementById("rows");
  rows.addEventListener("click", (event) => select(event.target.closest("tr")));
  rows.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling, Enter: row }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
    select(next);
  });
  if (!data.sites.length) return;
  if (!window.DecompressionStream) throw new Error("this page needs a browser of 2023 or later");
  const script = document.createElement("script");
  script.textContent = await gunzip(document.getElementById("library").textContent);
  document.head.append(script);
  const sequences = await unpack([0, 0, 0, data.sequences]);
  browser = await igv.createBrowser(document.getElementById("igv"), {
    reference: { id: "genome", fastaURL: `data:text/plain;base64,${btoa(sequences)}`, indexed: false },
    locus: `${data.sites[0].chrom}:1-1000`,
    loadDefaultGenomes: false,
    queryParametersSupported: false,
    showIdeogram: false,
    showAllChromosomes: false,
    showChromosomeWidget: false,
    showCenterGuide: true,
    showMultiSelectButton: false,
    showTrackLabelButton: false,
    showCenterGuideButton: false,
    showCursorTrackingGuideButton: false,
    tracks: [],
  });
  select(rows.rows[0]);
}

start().catch(complain);
