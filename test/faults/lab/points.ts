/** What the laboratory breaks, and where: the words of its schedules. */
import { z } from 'zod'

/** Kinds of writes to the store, each a point of the process where it can break. */
export const POINTS = [
  'object',
  'commit',
  'run',
  'stage output',
  'decision',
  'checkpoint',
  'model file',
  'version',
  'alias',
] as const
/** A point of the process. */
export type Point = (typeof POINTS)[number]

/** Points that only a run passes that trains. */
export const TRAINING_POINTS: readonly Point[] = ['checkpoint', 'model file', 'version', 'alias']

/**
 * Faults inside the worker. `kill` is SIGKILL, `sleep` SIGSTOP for `ms` and then SIGCONT. `powerCut`: SIGKILL, and what was not fsynced
 * is gone. `writeFails`: nothing was written. `answerLost`: it was, and the call rejects. `writeSlow`: it takes `ms` longer.
 * `writeLate`: the call rejects, and the write lands `ms` later. `storeAway`: nothing answers for `ms`. `clockJump`: the clock
 * goes by `ms`, from then on.
 */
export const WORKER_KINDS = [
  'kill',
  'sleep',
  'powerCut',
  'writeFails',
  'answerLost',
  'writeSlow',
  'writeLate',
  'storeAway',
  'clockJump',
] as const
/** Faults between worker and S3: what the proxy answers instead of the server, or does to its answer. */
export const PROXY_KINDS = ['http500', 'slowDown', 'reset', 'cutBody', 'httpDelay'] as const

/** A fault at one exact point, before or after the `nth` write there. */
export const PointFault = z
  .strictObject({
    id: z.number().int(),
    kind: z.enum([...WORKER_KINDS, ...PROXY_KINDS]),
    point: z.enum(POINTS),
    when: z.enum(['before', 'after']),
    nth: z.number().int().positive().describe('counted by each process for itself'),
    ms: z.number().int(),
    times: z.number().int().positive().describe('requests in a row that the proxy breaks'),
  })
  .readonly()
/** A fault at one exact point. */
export type PointFault = z.infer<typeof PointFault>

/** The side of the write on which a fault happens: some kinds leave no choice. */
export function sideOf({ kind, when }: PointFault): 'before' | 'after' {
  if (kind === 'writeFails' || kind === 'writeLate' || kind === 'writeSlow') return 'before'
  return kind === 'answerLost' ? 'after' : when
}

/** What the worker is told: whose writes break, and how. */
export const Plan = z.strictObject({ model: z.string(), faults: z.array(PointFault) }).readonly()
/** What the worker is told. */
export type Plan = z.infer<typeof Plan>

/** What happened: a fault was injected, or a sleeper has woken and done its write. */
export const Happened = z
  .strictObject({ model: z.string(), id: z.number().int(), event: z.enum(['fired', 'woke']), pid: z.number().int() })
  .readonly()
/** What happened. */
export type Happened = z.infer<typeof Happened>

/** The point that a write to this key of the store is, of this model; `undefined` for any other key. */
export function pointOf(key: string, model: string): Point | undefined {
  const [area = '', owner, ...rest] = key.split('/')
  if (owner !== model) return undefined
  const path = [area, ...rest].join('/')
  return PATHS.find(([pattern]) => pattern.test(path))?.[1]
}

const PATHS: readonly (readonly [RegExp, Point])[] = [
  [/^datasets\/(partitions|quarantine|profiles)\//, 'object'],
  [/^datasets\/log\/\d+\.json$/, 'commit'],
  [/^runs\/log\/\d+\.json$/, 'run'],
  [/^runs\/\d+\/stages\//, 'stage output'],
  [/^runs\/\d+\/checkpoints\/\d+\.json$/, 'checkpoint'],
  [/^models\/decisions\/\d+\.json$/, 'decision'],
  [/^models\/files\//, 'model file'],
  [/^models\/versions\/\d+\.json$/, 'version'],
  [/^models\/aliases\/[^/]+\/\d+\.json$/, 'alias'],
]
