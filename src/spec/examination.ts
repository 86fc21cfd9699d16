import { z } from 'zod'

/** What a candidate must show. Margins are never widened silently: what cannot be proven is inconclusive. */
export const Gates = z.strictObject({
  holdoutDays: z
    .number()
    .positive()
    .default(7)
    .describe('the last days of the window, by event time, that training never sees'),
  confidence: z.number().min(0.8).max(0.999).default(0.95).describe('one-sided confidence of each bound'),
  minGainOverBaseline: z
    .number()
    .min(0)
    .default(0)
    .describe('goal metric: what the lower bound of candidate minus baseline exceeds'),
  margin: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('goal metric: how much worse than the champion still counts as not inferior, absolute'),
  businessMargin: z
    .number()
    .min(0)
    .default(0.02)
    .describe("business metric: the same, as a share of the champion's cost"),
})
/** What a candidate must show. */
export type Gates = z.infer<typeof Gates>

/** Whether a person decides in the end. */
export const Approval = z.strictObject({
  required: z
    .enum(['never', 'whenInconclusive', 'always'])
    .default('whenInconclusive')
    .describe('when a person must approve; without approval an inconclusive candidate is not promoted'),
  expiresDays: z.number().positive().default(7).describe('days until a run that nobody approved ends as rejected'),
})
/** Whether a person decides in the end. */
export type Approval = z.infer<typeof Approval>

/** What a decision costs, by outcome: negative numbers are gains. */
export const BusinessMetric = z.strictObject({
  unit: z
    .string()
    .min(1)
    .describe('what the numbers count: EUR, minutes, patients')
    .meta({ examples: ['EUR'] }),
  truePositive: z.number().default(0).describe('cost of a positive decision that was right'),
  falsePositive: z
    .number()
    .describe('cost of a positive decision that was wrong')
    .meta({ examples: [5] }),
  falseNegative: z
    .number()
    .describe('cost of a negative decision that was wrong')
    .meta({ examples: [20] }),
  trueNegative: z.number().default(0).describe('cost of a negative decision that was right'),
})
/** What a decision costs, by outcome. */
export type BusinessMetric = z.infer<typeof BusinessMetric>
