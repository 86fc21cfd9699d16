/**
 * The registry on Refit's own store: two kinds of log and no database.
 *
 * 1. Versions are the log `models/MODEL/versions`; its numbers begin with 0 and are the version numbers.
 * 2. Each alias is the log `models/MODEL/aliases/ALIAS`; its numbers are the tokens of compare-and-set.
 * 3. A model exists when it has version 0. A move is written only after its target was seen, and versions stay.
 */
import { z } from 'zod'
import { RefitError, unreachable } from '../errors.js'
import { type Log, type LogEntry, openLog } from '../storage/log.js'
import { ObjectRef } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import {
  type Alias,
  type AliasMove,
  type AliasPosition,
  type MoveOutcome,
  type MoveRequest,
  type Registry,
  type Version,
  VersionRecord,
} from './registry.js'

/** The body of an entry of an alias log. */
const Move = z.strictObject({
  version: z.number().int().nonnegative(),
  previous: z.number().int().nonnegative().optional(),
  reason: z.string(),
  evidence: ObjectRef.optional(),
})
type Move = z.infer<typeof Move>

/** A registry that keeps everything in the store. Any number of them, in any number of processes, may share one. */
export function createEmbeddedRegistry(storage: Storage): Registry {
  return new EmbeddedRegistry(storage)
}

class EmbeddedRegistry implements Registry {
  constructor(readonly storage: Storage) {}

  async register(model: string, record: VersionRecord, by: { readonly id: string; readonly actor: string }) {
    const outcome = await this.#versions(model).append({ ...by, body: record })
    if (outcome.kind === 'stale') throw new TypeError('An append that expects nothing is never stale.')
    return versionOf(outcome.entry)
  }

  async version(model: string, version: number): Promise<Version> {
    const entry = await this.#versions(model).at(version)
    if (entry !== undefined) return versionOf(entry)
    await this.#demandModel(model)
    throw new RefitError(
      'NotFound',
      `Cannot find version ${version} of model "${model}": no such version is registered. "refit registry" lists them.`,
    )
  }

  async versions(model: string): Promise<readonly Version[]> {
    const versions: Version[] = []
    for await (const entry of this.#versions(model).entries()) versions.push(versionOf(entry))
    if (versions.length === 0) await this.#demandModel(model)
    return versions
  }

  async alias(model: string, alias: Alias): Promise<AliasPosition | undefined> {
    const head = await this.#alias(model, alias).head()
    if (head !== undefined) return positionOf(head)
    await this.#demandModel(model)
    return undefined
  }

  async move(model: string, alias: Alias, request: MoveRequest): Promise<MoveOutcome> {
    await this.version(model, request.to)
    const { id, actor, expectedSeq } = request
    const log = this.#alias(model, alias)
    const outcome = await log.append({ id, actor, expectedSeq, body: await moveOf(log, request) })
    switch (outcome.kind) {
      case 'stale':
        return { kind: 'stale', current: outcome.head && positionOf(outcome.head) }
      case 'known':
        demandSameMove(outcome.entry, request)
        return { kind: 'moved', position: positionOf(outcome.entry) }
      case 'appended':
        return { kind: 'moved', position: positionOf(outcome.entry) }
      default:
        return unreachable(outcome)
    }
  }

  async history(model: string, alias: Alias): Promise<readonly AliasMove[]> {
    const moves: AliasMove[] = []
    for await (const { seq, at, actor, body } of this.#alias(model, alias).entries()) {
      const { version, previous, reason, evidence } = body
      moves.push({ version, seq, previous, at, actor, reason, evidence })
    }
    if (moves.length === 0) await this.#demandModel(model)
    return moves
  }

  #versions(model: string): Log<VersionRecord> {
    return openLog(this.storage, `models/${model}/versions`, VersionRecord, { firstSeq: 0 })
  }

  #alias(model: string, alias: Alias): Log<Move> {
    return openLog(this.storage, `models/${model}/aliases/${alias}`, Move)
  }

  async #demandModel(model: string): Promise<void> {
    if ((await this.#versions(model).at(0)) !== undefined) return
    throw new RefitError(
      'NotFound',
      `Cannot find model "${model}": it has no versions. Run "refit apply" with its spec; that registers version 0.`,
    )
  }
}

function versionOf({ seq, at, actor, body }: LogEntry<VersionRecord>): Version {
  return { ...body, version: seq, registeredAt: at, registeredBy: actor }
}

function positionOf({ seq, body }: LogEntry<Move>): AliasPosition {
  return { version: body.version, seq }
}

/** The move as it is written. Its predecessor cannot change any more: the append demands that it still is the head. */
async function moveOf(log: Log<Move>, { to, expectedSeq, reason, evidence }: MoveRequest): Promise<Move> {
  const previous = (await log.at(expectedSeq))?.body.version
  return {
    version: to,
    reason,
    ...(previous === undefined ? {} : { previous }),
    ...(evidence === undefined ? {} : { evidence }),
  }
}

/** An id that was used for another target is a mistake of the caller, and no move. */
function demandSameMove({ id, body }: LogEntry<Move>, { to }: MoveRequest): void {
  if (body.version === to) return
  throw new RefitError(
    'Conflict',
    `Cannot move an alias to version ${to}: id "${id}" already moved it to version ${body.version}. Use a new id.`,
  )
}
