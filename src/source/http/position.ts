import { z } from 'zod'
import { RefitError } from '../../errors.js'

/** Ways of paging: what leads from one page to the next. */
export const PAGING_KINDS = ['cursor', 'link', 'lastValue'] as const

/** A place between two records of an API. As text, it is the cursor in a dataset's log. */
export const Position = z
  .strictObject({
    paging: z.enum(PAGING_KINDS).describe('how the page was found'),
    at: z.string().describe('what asks for the page: cursor, address or last value; empty for the first page'),
    taken: z.number().int().nonnegative().describe('records of the page that were taken'),
    sha256: z.string().optional().describe('SHA-256 of the taken records, each with a line feed; absent for none'),
    etag: z.string().optional().describe('entity tag of the page when it was the last one'),
  })
  .readonly()
/** A place between two records of an API. */
export type Position = z.infer<typeof Position>

/** The position as a cursor: the same text for the same place. */
export function cursorOf({ paging, at, taken, sha256, etag }: Position): string {
  return JSON.stringify({ paging, at, taken, sha256, etag })
}

/**
 * The position of a cursor, the first page for an empty one. Rejects with `InvalidInput` when it is of another way of
 * paging: its value would mean something else to the API.
 */
export function positionOf(cursor: string, paging: Position['paging'], url: string): Position {
  if (cursor === '') return { paging, at: '', taken: 0 }
  const position = Position.safeParse(parseJson(cursor))
  if (position.success && position.data.paging === paging) return position.data
  const before = position.success
    ? `it was read by ${position.data.paging}, not by ${paging}`
    : 'the cursor is no place'
  throw new RefitError(
    'InvalidInput',
    `Cannot go on reading ${url}: ${before}. Restore data.source.paging of the spec, or add a fragment such as #2 to data.source.url to read everything again.`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller says what was expected.
    return undefined
  }
}
