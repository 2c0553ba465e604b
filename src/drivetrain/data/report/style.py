"""How the pages look that Drivetrain writes: light and dark, on a phone and on a wide screen."""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1c2126; --paper: #fbfaf7; --line: #d9d5cb; --mute: #5c6570;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e5df; --paper: #16191d; --line: #343a41; --mute: #9aa4ae; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem;
  background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif;
}
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; text-wrap: balance; }
h2 {
  font-size: 1.3rem; margin: 3rem 0 .5rem; padding-top: 1.25rem;
  border-top: 1px solid var(--line);
}
p { max-width: 44rem; margin: .5rem 0; }
.lead { font-size: 1.2rem; color: var(--mute); }
.figures {
  display: flex; flex-wrap: wrap; gap: 1.25rem; margin-top: 1rem; align-items: flex-start;
}
figure { margin: 0; flex: 0 1 auto; min-width: 0; }
figure img {
  display: block; max-width: 100%; height: auto; background: #fff;
  border: 1px solid var(--line); border-radius: 8px;
}
table { border-collapse: collapse; margin-top: 1rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem 1.5rem .4rem 0; border-bottom: 1px solid var(--line); }
td + td, th + th { text-align: right; }
""".strip()

TONES = """
:root { --problem: #a3281c; --warning: #8a5a00; --note: #2d5f8a; --bar: #3f7d5c; --card: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --problem: #ff9a8d; --warning: #f0c060; --note: #8fc1ec; --bar: #6fb592;
    --card: #1f2429; }
}
""".strip()
"""The colours of what is said: problems, warnings, notes, bars and cards."""

INGEST_STYLE = """
h1, summary, figcaption, li, p, .classes { overflow-wrap: anywhere; }
a {
  color: inherit; text-underline-offset: .25em; text-decoration-thickness: 1px;
  text-decoration-color: var(--mute);
}
a:hover { text-decoration-thickness: 2px; text-decoration-color: currentColor; }
a:focus-visible, summary:focus-visible {
  outline: 3px solid var(--note); outline-offset: 3px; border-radius: 4px;
}
.findings { list-style: none; margin: 1.25rem 0 0; padding: 0; display: grid; gap: .5rem; }
.notes { border: 0; margin-top: .75rem; padding: 0; }
.notes .findings { margin-top: .5rem; }
.findings li {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone);
  border-radius: 6px; padding: .55rem .9rem; line-height: 1.45;
}
.findings p { margin: 0; max-width: none; }
.findings p + p { color: var(--mute); font-size: .95rem; }
.findings b { color: var(--tone); margin-right: .35rem; }
.problem { --tone: var(--problem); }
.warning { --tone: var(--warning); }
.note { --tone: var(--note); }
details { border-top: 1px solid var(--line); margin-top: 1.75rem; padding-top: .75rem; }
summary { cursor: pointer; padding: .35rem 0; }
summary h2 { display: inline; border: 0; margin: 0; padding: 0; }
summary span { color: var(--mute); margin-left: .4rem; white-space: nowrap; }
.classes {
  display: grid; grid-template-columns: minmax(4rem, max-content) 1fr max-content;
  gap: .35rem .8rem; align-items: center; margin: .9rem 0 0; max-width: 44rem;
}
.classes dt { max-width: 14rem; }
.classes dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; }
.classes i { display: block; height: .8rem; border-radius: 3px; background: var(--bar); }
.photos, .pairs { display: grid; gap: 1rem; margin-top: .9rem; }
.photos { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
.pairs { grid-template-columns: repeat(auto-fill, minmax(17.5rem, 1fr)); }
.pair {
  display: grid; grid-template-columns: 1fr 1fr; grid-template-rows: 1fr auto; gap: .3rem .6rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .6rem;
}
.pair p { grid-column: 1 / -1; margin: 0; color: var(--mute); font-size: .85rem; }
figure img { max-width: 100%; border-radius: 4px; }
figcaption { font-size: .85rem; line-height: 1.35; margin-top: .3rem; }
figcaption b { display: block; }
figcaption span { color: var(--mute); }
.none {
  display: grid; place-items: center; height: 6rem; color: var(--mute); font-size: .85rem;
  border: 1px dashed var(--line); border-radius: 4px;
}
.names { padding-left: 1.1rem; max-width: 50rem; }
.names li { margin: .2rem 0; }
.names b { font-weight: 600; }
@media (max-width: 30rem) {
  body { padding: 1.5rem 1rem 3rem; }
  .pairs { grid-template-columns: 1fr; }
  .photos { grid-template-columns: 1fr 1fr; }
}
""".strip()
