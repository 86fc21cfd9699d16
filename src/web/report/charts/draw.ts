/**
 * Charts are drawn on the server by Observable Plot into an SVG text. Plot needs a DOM to write to; linkedom is the
 * smallest one that is maintained, and it escapes what it serialises.
 */
import { type PlotOptions, plot } from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { type Markup, trusted } from '../../markup.js'

/** Draws a chart as inline SVG; colours may be variables of the page's style. `label` is read out instead of it. */
export function draw(options: PlotOptions, label: string): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = plot({ ...options, document, style: { background: 'none', fontFamily: 'inherit', fontSize: '12px' } })
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  // Plot writes one style element a chart, for the defaults of a page that has no style: ours has one.
  svg.querySelector('style')?.remove()
  return trusted(String(svg.outerHTML))
}
