import { RefitError } from '../../errors.js'

/** Far beyond any page that an API makes, and what a worker with several activities can hold. */
const MAX_BYTES = 64 * 2 ** 20

/** The body of a response, unpacked. Rejects with `InvalidInput` when it is larger than 64 MiB. */
export async function readBody(response: Response, address: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) {
      const limit = `${MAX_BYTES / 2 ** 20} MiB`
      throw new RefitError(
        'InvalidInput',
        `Cannot read page ${address}: it is larger than ${limit}. Ask for smaller pages in data.source.url.`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
