/** What a process of the laboratory is started with, and what it says when it serves. */
import { z } from 'zod'
import { SABOTAGES } from './sabotage.js'

/** What a process is started with: paths, and how it is sabotaged. */
export const Orders = z
  .strictObject({
    bundle: z.string().describe('code of the workflows'),
    plan: z.string(),
    happened: z.string(),
    storeAway: z.string(),
    spoolAway: z.string(),
    journal: z.string().describe('see power.ts'),
    sabotage: z.enum(SABOTAGES),
  })
  .readonly()
/** What a process is started with. */
export type Orders = z.infer<typeof Orders>

/** The orders of this process. */
export const readOrders = (): Orders => Orders.parse(JSON.parse(process.argv[2] ?? ''))

/** Says that this process serves, and where if anywhere. */
export function sayReady(address = ''): void {
  process.stdout.write(`serving ${address}\n`)
}

/** What was said by `sayReady`: the address, or an empty text; `undefined` for anything else. */
export const readReady = (output: string): string | undefined => /^serving (.*)$/m.exec(output)?.[1]
