/**
 * Reads an API page by page, from a position on. What must always be true, for an API that only adds records, and adds
 * them at the end:
 *
 * 1. A page that names a next one is closed: it was read whole, and reading goes on with the next.
 * 2. The last page is open: it may get more records, and then a next page. The position keeps how many of its records were
 *    taken, with their digest; it is read again, and what follows the taken ones is new. Taken records that changed are an
 *    error, since nobody could say which row is which.
 * 3. With `lastValue` every page with records is closed, and the open one is the empty page behind the last record. The
 *    value must be in one record only; where a page begins and ends, that is checked.
 * 4. An entity tag is trusted only where the body says what comes next. A server makes it of the body alone, so a page
 *    whose header came to name a next one would look unchanged forever.
 */
import { createHash } from 'node:crypto'
import { messageOf, RefitError } from '../../errors.js'
import { type Answer, type AskOptions, ask } from './ask.js'
import { type Page, type PageOptions, type Paging, pagingValue, readPage } from './page.js'
import type { Position } from './position.js'

/** What is walked, and how. */
export interface WalkOptions extends PageOptions, AskOptions {
  /** The first page. */
  readonly url: string
}

/** What one page added. */
export interface Step {
  /** The records of the page that were not taken before. */
  readonly records: readonly Buffer[]
  /** The place after them. */
  readonly after: Position
}

/** Pages in a row that add nothing and name another: no filter leaves such gaps, so the API always names one. */
const MOST_EMPTY_PAGES = 1000

/**
 * The pages from a position to the last one. Rejects as {@link ask} does, with `UnreadableSource` (not permanent) when a page
 * is not what it should be or taken records changed, with `InvalidInput` when paging does not lead on.
 */
export async function* walk(from: Position, options: WalkOptions): AsyncGenerator<Step> {
  const visited = new Set<string>()
  let position = from
  let emptyPages = 0
  for (;;) {
    const address = addressOf(position.at, options)
    const answer = await ask(address, { ...options, etag: position.etag })
    if (answer === undefined) return
    visited.add(address)
    const page = readWhole(answer, position, options)
    const next = nextOf(page, position)
    if (next !== undefined && visited.has(addressOf(next, options))) throw doesNotLeadOn(address, 'it leads back')
    const step = { records: page.records.slice(position.taken), after: after(page, position, answer, next, options) }
    yield step
    if (next === undefined) return
    emptyPages = step.records.length === 0 ? emptyPages + 1 : 0
    if (emptyPages > MOST_EMPTY_PAGES) throw doesNotLeadOn(address, `${emptyPages} pages in a row have no record`)
    position = step.after
  }
}

/** The address of a page, by what asks for it. Rejects with `NotAllowed` when it is not on the server of the first page. */
export function addressOf(at: string, { url, paging }: Pick<WalkOptions, 'url' | 'paging'>): string {
  const address = new URL(paging.kind === 'link' && at !== '' ? at : url)
  address.hash = ''
  if (at === '') return address.href
  if (paging.kind !== 'link') address.searchParams.set(paging.parameter, at)
  else if (address.origin !== new URL(url).origin) throw elsewhere(address.href, url)
  return address.href
}

function elsewhere(address: string, url: string): RefitError {
  return new RefitError(
    'NotAllowed',
    `Cannot read page ${address}: it is not on the server of ${url}, whose token it would get. Make the API link to its own address.`,
  )
}

function readWhole(answer: Answer, { at, taken, sha256 }: Position, options: WalkOptions): Page {
  try {
    const page = readPage(answer, options)
    if (taken > 0 && digestOf(page.records.slice(0, taken)) !== sha256) {
      throw new Error(`the first ${taken} records, which were taken before, changed; only an API that adds can be read`)
    }
    if (options.paging.kind === 'lastValue') requireOneOfEach(page, at, options.paging)
    return page
  } catch (thrown) {
    throw new RefitError(
      'UnreadableSource',
      `Cannot read page ${answer.url}: ${messageOf(thrown)}. Check the API, and format, records and paging of data.source.`,
      { permanent: false, cause: thrown },
    )
  }
}

/** A value that several records have would hide those that the page has no room for. */
function requireOneOfEach({ records }: Page, at: string, { field }: Paging & { kind: 'lastValue' }): void {
  const [first] = records
  const [lastButOne, last] = records.slice(-2)
  const isGivenAgain = at !== '' && first !== undefined && pagingValue(first, field) === at
  if (isGivenAgain) throw new Error(`it begins with ${field} ${at}, after which it was asked to begin`)
  if (lastButOne === undefined || last === undefined || pagingValue(lastButOne, field) !== pagingValue(last, field))
    return
  throw new Error(`its last two records have the same ${field}, so that a third could be missed`)
}

/** An API that always names a cursor names that of its end where nothing follows. */
function nextOf({ records, next }: Page, { at }: Position): string | undefined {
  return records.length === 0 && next === at ? undefined : next
}

function after(
  { records }: Page,
  { paging, at }: Position,
  { headers }: Answer,
  next: string | undefined,
  options: WalkOptions,
): Position {
  if (next !== undefined) return { paging, at: next, taken: 0 }
  const etag = isToldByBody(options) ? (headers.get('etag') ?? undefined) : undefined
  return {
    paging,
    at,
    taken: records.length,
    ...(records.length === 0 ? {} : { sha256: digestOf(records) }),
    ...(etag === undefined ? {} : { etag }),
  }
}

function isToldByBody({ paging, format }: WalkOptions): boolean {
  return paging.kind === 'lastValue' || (format === 'json' && paging.field !== undefined)
}

function digestOf(records: readonly Buffer[]): string {
  const hash = createHash('sha256')
  for (const record of records) hash.update(record).update('\n')
  return hash.digest('hex')
}

function doesNotLeadOn(address: string, reason: string): RefitError {
  return new RefitError(
    'InvalidInput',
    `Cannot read beyond page ${address}: ${reason}. Check that paging of data.source names what the API expects.`,
  )
}
