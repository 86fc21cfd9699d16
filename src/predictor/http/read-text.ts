/** A score takes about twenty bytes: an answer beyond this is no answer, and must not exhaust memory. */
const MAX_BYTES = 16 * 1024 * 1024

/** The body of a response. Rejects when it is larger than 16 MiB. */
export async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
