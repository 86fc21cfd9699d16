import { z } from 'zod'

const Files = z.strictObject({
  kind: z.literal('files').describe('files that match a glob: CSV, Parquet, JSON lines, also gzipped'),
  glob: z
    .string()
    .min(1)
    .describe('glob, relative to the folder of the spec or absolute')
    .meta({ examples: ['landing/*.csv'] }),
})

/** Where rows come from. */
export const DataSource = z.discriminatedUnion('kind', [Files])
/** Where rows come from. */
export type DataSource = z.infer<typeof DataSource>
