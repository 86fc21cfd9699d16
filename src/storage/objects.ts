import { z } from 'zod'

/** The schema of a reference to an immutable object of the store: what travels in workflow history instead of data. */
export const ObjectRef = z
  .strictObject({
    uri: z.string().min(1).describe("key of the object, relative to the store's root"),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('SHA-256 of the bytes, lower-case hexadecimal'),
    bytes: z.number().int().nonnegative().describe('size in bytes'),
    rows: z.number().int().nonnegative().optional().describe('rows, for a table'),
  })
  .readonly()
/** A reference to an immutable object of the store. */
export type ObjectRef = z.infer<typeof ObjectRef>
