import type { AdmitRequest, Ruling } from '../../workflows/messages.js'
import { mergeRequests } from './merge-requests.js'

/** How long messages for one model are gathered: unnoticed by a person, long enough for a storm. */
const WINDOW_MS = 100
/** How long a ruling is kept for the same id: the second Alertmanager of a pair speaks within a minute or so. */
const REMEMBER_MS = 10 * 60_000
/** Most ids that are remembered, a few megabytes. */
const MOST_REMEMBERED = 20_000

/** Merges wishes so that a storm costs the steward few updates. */
export interface RequestMerger {
  /** Hands a wish in, merged with what arrives for the model meanwhile, and gives the ruling on all of it. */
  submit(model: string, request: AdmitRequest): Promise<Ruling>
}

interface Gathering {
  readonly requests: Map<string, AdmitRequest>
  readonly ruling: Promise<Ruling>
}

/**
 * A merger in front of `admit`.
 *
 * 1. What arrives for one model within the window becomes one wish.
 * 2. A model has one wish under way; what arrives meanwhile is gathered until it was answered.
 * 3. An id that is under way or was lately granted gets that same ruling: merging must not undo the idempotency of ids.
 *    A failure or a refusal is not remembered.
 */
export function createRequestMerger(
  admit: (model: string, request: AdmitRequest) => Promise<Ruling>,
  { windowMs = WINDOW_MS, rememberMs = REMEMBER_MS } = {},
): RequestMerger {
  const gatherings = new Map<string, Gathering>()
  const underWay = new Map<string, Promise<Ruling>>()
  const rulings = new Map<string, Promise<Ruling>>()

  const gather = (model: string): Gathering => {
    const requests = new Map<string, AdmitRequest>()
    const before = underWay.get(model)
    const rule = async () => {
      await Promise.allSettled([new Promise((resolve) => setTimeout(resolve, windowMs)), before])
      gatherings.delete(model)
      const [first, ...others] = requests.values()
      if (first === undefined) throw new TypeError('A gathering without a request')
      let isGranted = false
      try {
        const ruling = await admit(model, mergeRequests(first, others))
        isGranted = ruling.kind !== 'refused'
        return ruling
      } finally {
        if (underWay.get(model) === gathering.ruling) underWay.delete(model)
        const forget = () => forgetAll(model, requests.keys())
        if (isGranted) setTimeout(forget, rememberMs).unref()
        else forget()
      }
    }
    const gathering = { requests, ruling: rule() }
    underWay.set(model, gathering.ruling)
    gatherings.set(model, gathering)
    return gathering
  }

  const forgetAll = (model: string, ids: Iterable<string>) => {
    for (const id of ids) rulings.delete(keyOf(model, id))
  }

  const forgetOldest = () => {
    for (const key of rulings.keys()) {
      if (rulings.size <= MOST_REMEMBERED) return
      rulings.delete(key)
    }
  }

  return {
    submit(model, request) {
      const key = keyOf(model, request.id)
      const known = rulings.get(key)
      if (known !== undefined) return known
      const gathering = gatherings.get(model) ?? gather(model)
      gathering.requests.set(request.id, request)
      rulings.set(key, gathering.ruling)
      forgetOldest()
      return gathering.ruling
    },
  }
}

const keyOf = (model: string, id: string): string => `${model}\n${id}`
