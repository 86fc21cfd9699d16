/** Numbers in addresses. */

/** The number of a run, or `undefined` when the text is none. */
export const runNumber = (text: string): number | undefined => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined)

/** The number of a page: 1 for whatever is none. */
export const pageNumber = (text: string | undefined): number => runNumber(text ?? '') ?? 1
