/** A dataset at one position of its log, and what was counted of it. */
import { RefitError } from '../errors.js'
import type { Profile } from '../statistics/profile.js'
import { readJson } from '../storage/objects.js'
import type { Commit, PositionedCommit, Snapshot } from './commit.js'
import type { DataContext } from './context.js'
import { commitsOf, datasetLog } from './dataset-log.js'
import { StoredProfile } from './stored-profile.js'

/** Profiles that are read at a time. */
const PARALLEL_READS = 16

/** The dataset as it was at position `seq`, as it is now unless given. Rejects with `NotFound` for a later position. */
export async function openSnapshot(context: DataContext, dataset: string, seq?: number): Promise<Snapshot> {
  const commits: PositionedCommit[] = []
  if (seq !== 0) {
    for await (const commit of commitsOf(datasetLog(context.storage, dataset), seq)) commits.push(commit)
  }
  const last = commits.at(-1)?.seq ?? 0
  if (seq !== undefined && seq !== last) {
    throw new RefitError(
      'NotFound',
      `Cannot open dataset "${dataset}" at position ${seq}: its log ends at ${last}. Name a position up to ${last}.`,
    )
  }
  return { dataset, seq: last, commits }
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
