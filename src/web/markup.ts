/** The one way in which text becomes HTML here: everything is escaped unless it already is markup. */
import { raw, html as template } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

/** Text that is HTML already. */
export type Markup = HtmlEscapedString

/** What a template may hold: text is escaped, markup is taken as it is, absent parts are left out. */
export type Part = string | number | Markup | null | undefined | false | readonly Part[]

/** Makes markup from a template; every part is escaped. Attributes must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const made = template(strings, ...parts)
  // hono's template is asynchronous only when a part is a promise, which the type `Part` rules out.
  if (made instanceof Promise) throw new TypeError('A part of the markup was a promise')
  return made
}

/** Takes text for markup without escaping: for constants of this program and for what a library escaped. */
export const trusted = (text: string): Markup => raw(text)

/** A whole document. */
export const documentOf = (markup: Markup): string => `<!doctype html>\n${markup}\n`

/** The address when it is one that a person may safely follow, else `undefined`: no `javascript:` from a record. */
export function safeAddress(address: string | undefined): string | undefined {
  return address !== undefined && /^(https?:\/\/|\/(?!\/))/.test(address) ? address : undefined
}
