const LINK = /<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/g
const PARAMETER = /;\s*([^\s=;,]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g

/** The target of the first link to the next page in a Link header (RFC 8288), as it is written there. */
export function nextLink(header: string | null): string | undefined {
  for (const [, target, parameters] of header?.matchAll(LINK) ?? []) {
    const found = parametersOf(parameters ?? '')
    // With an anchor, the link leads on from something else than this page.
    if (found.has('anchor')) continue
    if (found.get('rel')?.toLowerCase().split(/\s+/).includes('next')) return target
  }
  return undefined
}

/** By lower-case name; of one that is there twice the first counts. */
function parametersOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', quoted, plain = ''] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain)
  }
  return found
}
