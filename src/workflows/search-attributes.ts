import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'

/** What runs can be searched by in the Temporal UI. All are keywords; a server knows them once they are registered. */
export const RefitModel = defineSearchAttributeKey('RefitModel', SearchAttributeType.KEYWORD)
/** The stage that a run is in. */
export const RefitStage = defineSearchAttributeKey('RefitStage', SearchAttributeType.KEYWORD)
/** Why a run started. */
export const RefitTrigger = defineSearchAttributeKey('RefitTrigger', SearchAttributeType.KEYWORD)
/** How a run ended. */
export const RefitOutcome = defineSearchAttributeKey('RefitOutcome', SearchAttributeType.KEYWORD)
/** What the gates said. */
export const RefitVerdict = defineSearchAttributeKey('RefitVerdict', SearchAttributeType.KEYWORD)

/** Names of all search attributes, for a server's start or an operator's registration. */
export const SEARCH_ATTRIBUTES: readonly string[] = [
  RefitModel.name,
  RefitStage.name,
  RefitTrigger.name,
  RefitOutcome.name,
  RefitVerdict.name,
]
