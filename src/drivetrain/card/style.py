"""How the card looks beyond what all pages share: tiles, charts, shaded cells, paper."""

CARD_STYLE = """
:root { --right: 63 125 92; --wrong: 163 40 28; --accent: #2d5f8a; --second: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --right: 111 181 146; --wrong: 255 154 141; --accent: #8fc1ec; --second: #f0c060; }
}
h1, h2, p, li, dd, dt, figcaption, .seal { overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; }
.meta, .small, figcaption, nav { color: var(--mute); font-size: .9rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-top: 1rem; }
a { color: inherit; text-underline-offset: .25em; text-decoration-color: var(--line); }
a:hover { text-decoration-color: currentColor; }
a:focus-visible, [tabindex]:focus-visible, summary:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px;
}
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10.5rem), 1fr));
  gap: .75rem; margin: 1rem 0 0; padding: 0; list-style: none;
}
.tiles li {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; line-height: 1.35;
}
.tiles b { display: block; font-size: 1.9rem; line-height: 1.15; letter-spacing: -.01em;
  font-variant-numeric: tabular-nums; }
.tiles span { display: block; }
.tiles small { display: block; color: var(--mute); font-size: .85rem; margin-top: .2rem; }
.mind { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: .5rem; }
.mind li {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--warning);
  border-radius: 6px; padding: .5rem .9rem; line-height: 1.45;
}
.facts {
  display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .4rem 1.5rem;
  margin: 1rem 0 0; max-width: 50rem;
}
.facts dt { color: var(--mute); }
.facts dd { margin: 0; }
.facts ul { margin: 0; padding-left: 1.1rem; }
.scroll { overflow-x: auto; margin-top: 1rem; }
.scroll table { margin: 0; }
th, td { vertical-align: top; }
td { text-align: right; white-space: nowrap; }
th { font-weight: 400; max-width: 18rem; overflow-wrap: break-word; }
[scope="row"] { min-width: 4rem; }
tr:first-child th { color: var(--mute); font-size: .9rem; vertical-align: bottom; }
th:last-child, td:last-child { padding-right: .25rem; }
td small { display: block; color: var(--mute); font-size: .8rem; white-space: nowrap; }
.confusion th, .confusion td { padding: .4rem .6rem; text-align: right; }
.confusion th:first-child { padding-left: 0; text-align: left; }
.confusion td { min-width: 3.25rem; text-align: center; border: 2px solid var(--paper); }
.confusion th + th { text-align: center; }
.confusion .hit { background: rgb(var(--right) / var(--share)); }
.confusion .miss { background: rgb(var(--wrong) / var(--share)); }
.confusion .none { color: var(--mute); }
.columns td { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 5rem; }
.columns td:nth-child(2) { min-width: 0; white-space: nowrap; }
.columns td + td, .columns th + th { text-align: left; }
.columns td:nth-child(3) { min-width: 10rem; }
.tilted th + th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
.charts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 1.5rem; margin-top: 1.25rem;
}
.charts figure { max-width: 28rem; display: flex; flex-direction: column; }
.charts svg { display: block; width: 100%; height: auto; margin-top: auto; overflow: visible; }
figcaption { line-height: 1.4; margin-bottom: .5rem; }
figcaption b { display: block; color: var(--ink); font-size: 1rem; }
.keys { display: block; }
.key { display: inline-block; margin-right: 1rem; }
.key::before {
  content: ""; display: inline-block; width: 1.4rem; margin-right: .4rem; vertical-align: .25em;
  border-top: 2.5px solid var(--accent);
}
.key.alone::before { border-top: 2px dashed var(--second); }
.key.diagonal::before { border-top: 1.5px dashed var(--ink); }
.key.reach::before { border-top: 2px dotted var(--second); }
.key.asking::before { border-top: 2px dotted var(--mute); }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--mute); font-size: 11px; }
svg .name { fill: var(--mute); }
svg .value { font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg polyline { fill: none; stroke: var(--ink); stroke-width: 1; }
svg .grid { stroke: var(--line); }
svg .axis { stroke: var(--mute); }
svg .ideal { stroke: var(--mute); stroke-dasharray: 4 4; }
svg .whisker { stroke: var(--accent); stroke-width: 1.5; opacity: .6; }
svg .model { stroke: var(--accent); stroke-width: 2.5; stroke-linejoin: round; }
svg .alone { stroke: var(--second); stroke-width: 2; stroke-dasharray: 6 4; }
svg .asking { stroke: var(--mute); stroke-width: 2; stroke-dasharray: 1 4; stroke-linecap: round; }
svg .border { stroke: var(--ink); stroke-dasharray: 3 3; }
svg .dot { fill: var(--accent); fill-opacity: .75; stroke: var(--paper); stroke-width: 1; }
svg .declared { fill: var(--accent); fill-opacity: 1; stroke-width: 2; }
svg .few { fill-opacity: .45; }
svg .cell { fill: var(--accent); shape-rendering: crispEdges; }
svg .diagonal { stroke: var(--ink); stroke-dasharray: 5 4; }
svg .reach { stroke: var(--second); stroke-width: 1.5; stroke-dasharray: 2 3; }
svg .box { stroke: var(--accent); stroke-width: 8; opacity: .45; }
svg .bar { fill: var(--bar); }
svg .beyond { fill: var(--problem); }
pre {
  white-space: pre-wrap; overflow-wrap: anywhere; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem;
  margin: .5rem 0 0; font: .9rem/1.5 ui-monospace, monospace;
}
.seal { font-family: ui-monospace, monospace; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--mute); }
@media (max-width: 30rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h2 { margin-top: 2.25rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .6rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles li:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .tiles b { font-size: 1.5rem; }
  .tiles li { padding: .65rem .8rem; }
  th, td { padding-right: .5rem; }
  td small { font-size: .72rem; }
  [scope="row"] { max-width: 9.5rem; }
  .confusion td { min-width: 2.3rem; padding: .35rem .25rem; }
}
@media print {
  :root {
    --ink: #000; --paper: #fff; --line: #bbb; --mute: #444; --card: #fff; --bar: #3f7d5c;
    --problem: #a3281c; --warning: #8a5a00; --accent: #2d5f8a; --second: #8a5a00;
    --right: 63 125 92; --wrong: 163 40 28; color-scheme: light;
  }
  body { padding: 0; max-width: none; font-size: 10.5pt; }
  nav { display: none; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); }
  figure, tr, .tiles li, pre { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
  * { print-color-adjust: exact; }
}
""".strip()
