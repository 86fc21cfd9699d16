/** A dataset at one position of its log, and what was counted of it. */
import { RefitError } from '../../errors.js'
import type { Profile } from '../../statistics/profile.js'
import { readJson } from '../../storage/objects.js'
import type { DataContext } from '../engine/context.js'
import { StoredProfile } from '../profile/stored-profile.js'
import type { Commit, Snapshot } from './commit.js'
import { allEntries, datasetLog } from './dataset-log.js'
import { stateAt } from './dataset-state.js'

/** Profiles that are read at a time. */
const PARALLEL_READS = 16

/**
 * The dataset as it was at position `seq`, as it is now unless given. Nothing is listed, and of years of entries few are read.
 * Rejects with `NotFound` for a later position.
 */
export async function openSnapshot(context: DataContext, dataset: string, seq?: number): Promise<Snapshot> {
  const entries = seq === 0 ? [] : await allEntries(datasetLog(context.storage, dataset))
  const last = entries.at(-1)?.seq ?? 0
  if (seq !== undefined && seq > last) {
    throw new RefitError(
      'NotFound',
      `Cannot open dataset "${dataset}" at position ${seq}: its log ends at ${last}. Name a position up to ${last}.`,
    )
  }
  const at = seq ?? last
  return { dataset, seq: at, ...stateAt(entries, at) }
}

/** The profiles of commits that have one, in their order. */
export async function loadProfiles(context: DataContext, commits: readonly Commit[]): Promise<readonly Profile[]> {
  const refs = commits.flatMap(({ profile }) => (profile === undefined ? [] : [profile]))
  const profiles: Profile[] = []
  for (let first = 0; first < refs.length; first += PARALLEL_READS) {
    const some = refs.slice(first, first + PARALLEL_READS)
    profiles.push(...(await Promise.all(some.map((ref) => readJson(context.storage, ref, StoredProfile)))))
  }
  return profiles
}
