/** What the laboratory breaks, and where: the words of its schedules. */
import { z } from 'zod'

/** Kinds of writes to the store or the spool, each a point of the process where it can break. */
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
  'release',
  'inbox object',
  'inbox entry',
  'spool object',
  'spool entry',
  'drain mark',
] as const
/** A point of the process. `release`: the commit by which rows leave the quarantine. */
export type Point = (typeof POINTS)[number]

/** Points that only a run passes that trains. */
export const TRAINING_POINTS: readonly Point[] = ['checkpoint', 'model file', 'version', 'alias']
/** Points that only pushes pass. */
export const PUSH_POINTS: readonly Point[] = [
  'inbox object',
  'inbox entry',
  'spool object',
  'spool entry',
  'drain mark',
]
/** Points in the spool, which pushes pass while the store is away and afterwards. */
export const SPOOL_POINTS: readonly Point[] = ['spool object', 'spool entry', 'drain mark']

/** The processes that faults hit: workers, and the receiver of pushes, whose host is also where a person releases rows. */
export const ROLES = ['worker', 'receiver'] as const
/** A process that faults hit. */
export type Role = (typeof ROLES)[number]

/**
 * Faults inside a process. `kill` is SIGKILL, `sleep` SIGSTOP for `ms` and then SIGCONT. `powerCut`: SIGKILL of all processes of
 * the host, and what was not fsynced is gone. `writeFails`: nothing was written. `answerLost`: it was, and the call rejects.
 * `writeSlow`: it takes `ms` longer. `writeLate`: the call rejects as timed out, and the write lands `ms` later. `storeAway`: the
 * store, or at a point of the spool the spool, answers nobody for `ms`. `clockJump`: the clock goes by `ms`, from then on.
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
/**
 * Faults between a process and S3: what the proxy answers instead of the server, or does to its answer. `httpTimeout`: the request
 * arrives when its client has given up.
 */
export const PROXY_KINDS = [
  'http500',
  'slowDown',
  'reset',
  'cutBody',
  'cutRequest',
  'httpDelay',
  'httpTimeout',
] as const

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
  switch (kind) {
    case 'writeFails':
    case 'writeLate':
    case 'writeSlow':
    case 'slowDown':
    case 'cutRequest':
    case 'httpDelay':
    case 'httpTimeout':
      return 'before'
    case 'answerLost':
    case 'cutBody':
      return 'after'
    default:
      return when
  }
}

/** What the processes are told: whose writes break, and how. */
export const Plan = z.strictObject({ model: z.string(), faults: z.array(PointFault) }).readonly()
/** What the processes are told. */
export type Plan = z.infer<typeof Plan>

/** What happened: a fault was injected, or a sleeper has woken and done its write. */
export const Happened = z
  .strictObject({
    model: z.string(),
    id: z.number().int(),
    event: z.enum(['fired', 'woke']),
    role: z.enum(ROLES),
    pid: z.number().int(),
  })
  .readonly()
/** What happened. */
export type Happened = z.infer<typeof Happened>

/** Whose write it is, for which model. */
export interface Writer {
  readonly model: string
  readonly role: Role
}

/** The point that a write to this key of the store or the spool is; `undefined` for any other key or model. */
export function pointOf(key: string, { model, role }: Writer): Point | undefined {
  const [area = '', owner, ...rest] = key.split('/')
  if (owner !== model) return undefined
  const path = [area, ...rest].join('/')
  const point = PATHS.find(([pattern]) => pattern.test(path))?.[1]
  return point === 'commit' && role === 'receiver' ? 'release' : point
}

const PATHS: readonly (readonly [RegExp, Point])[] = [
  [/^datasets\/(partitions|quarantine|profiles)\//, 'object'],
  [/^datasets\/log\/\d+\.json$/, 'commit'],
  [/^datasets\/inbox\/objects\//, 'inbox object'],
  [/^datasets\/inbox\/log\/\d+\.json$/, 'inbox entry'],
  [/^runs\/log\/\d+\.json$/, 'run'],
  [/^runs\/\d+\/stages\//, 'stage output'],
  [/^runs\/\d+\/checkpoints\/\d+\.json$/, 'checkpoint'],
  [/^models\/decisions\/\d+\.json$/, 'decision'],
  [/^models\/files\//, 'model file'],
  [/^models\/versions\/\d+\.json$/, 'version'],
  [/^models\/aliases\/[^/]+\/\d+\.json$/, 'alias'],
  [/^spool\/objects\//, 'spool object'],
  [/^spool\/log\/\d+\.json$/, 'spool entry'],
  [/^spool\/drained\/\d+\.json$/, 'drain mark'],
]
