import { trusted } from './markup.js'

/** The style of all pages and of the report, to stand inside a `style` element: no asset is ever loaded. */
export const style = trusted(`
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --ink: #1f2328; --muted: #5d6670; --line: #e2e3e0; --faint: #f3f3f0;
  --accent: #24598c; --good: #1b7045; --bad: #b0302a; --warn: #8a5a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16191d; --ink: #e4e6e9; --muted: #9aa4ae; --line: #2e343b; --faint: #1d2126;
    --accent: #86b7e8; --good: #62c890; --bad: #f28b82; --warn: #dfb04f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
.page { max-width: 66rem; margin: 0 auto; padding: 2rem 1.5rem 5rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
a:focus-visible, [tabindex]:focus-visible, input:focus-visible, button:focus-visible, summary:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px;
}
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
.crumbs { font-size: .875rem; color: var(--muted); }
.crumbs a { color: inherit; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.015em; font-weight: 640; margin: .35rem 0 .4rem; }
h2 { font-size: 1.2rem; line-height: 1.3; font-weight: 640; margin: 0 0 .75rem; }
h3 { font-size: .95rem; font-weight: 640; margin: 1.75rem 0 .5rem; }
p, ul, ol { margin: 0 0 .75rem; max-width: 44rem; }
section { margin-top: 2.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.lead { font-size: 1.08rem; max-width: 46rem; }
.muted, .note { color: var(--muted); }
.note { font-size: .875rem; }
.sub { display: block; font-size: .82rem; line-height: 1.4; color: var(--muted); font-weight: 400; max-width: 34rem; }
.text .sub { min-width: 10rem; }
.contents { font-size: .875rem; margin: 1.5rem 0 0; padding: 0; list-style: none; max-width: none; display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1.25rem 2rem; margin: 1.75rem 0 0; }
.figures dt { font-size: .82rem; color: var(--muted); }
.figures dd { margin: .1rem 0 0; font-size: 1.25rem; line-height: 1.3; font-weight: 560; }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); gap: .3rem 1.75rem; margin: 0 0 .75rem; }
.facts .pair { display: contents; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; max-width: 44rem; }
.scroll { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.45; }
caption { text-align: left; font-size: .875rem; color: var(--muted); padding: 0 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem 1.25rem .5rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: .8rem; color: var(--muted); vertical-align: bottom; white-space: nowrap; border-bottom-color: var(--muted); }
tbody th { font-weight: 560; }
.number { text-align: right; }
.number, .short { white-space: nowrap; }
.total > * { font-weight: 640; border-top: 1px solid var(--muted); }
.badge { white-space: nowrap; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .quiet { color: var(--muted); }
code { font: .84em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.digest { color: var(--muted); display: block; min-width: 16rem; }
figure { margin: 0 0 1.25rem; }
figcaption { font-size: .875rem; color: var(--muted); margin: 0 0 .5rem; max-width: 46rem; }
.chart svg { display: block; min-width: 30rem; max-width: 46rem; width: 100%; height: auto; }
.interval svg { display: block; width: 9rem; height: 1.4rem; }
.bar { display: block; height: .55rem; min-width: 1px; margin-top: .45rem; background: var(--accent); opacity: .75; border-radius: 1px; }
.bars td:nth-child(3) { width: 30%; min-width: 8rem; }
.notice { border-left: 3px solid var(--warn); padding: .1rem 0 .1rem .9rem; }
details { margin: 0 0 1rem; } summary { cursor: pointer; color: var(--accent); font-size: .9rem; margin-bottom: .5rem; }
form { margin: 1.25rem 0; display: flex; gap: .5rem; flex-wrap: wrap; }
input, button { font: inherit; font-size: .9rem; color: inherit; background: var(--faint); border: 1px solid var(--line); border-radius: 4px; padding: .35rem .7rem; }
input { flex: 0 1 20rem; min-width: 8rem; }
footer { margin-top: 3.5rem; font-size: .82rem; color: var(--muted); }
@media (max-width: 40rem) {
  .page { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .75rem; }
}
@media print {
  .contents, .skip { display: none; }
  section { break-inside: auto; } tr, figure { break-inside: avoid; }
  .scroll { overflow: visible; } .chart svg { min-width: 0; }
}
`)
