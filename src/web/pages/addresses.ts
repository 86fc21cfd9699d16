/** Addresses of pages. */

/** Page of a model. */
export const modelAddress = (model: string): string => `/models/${encodeURIComponent(model)}`

/** Page of a run: its report. */
export const runAddress = (model: string, run: number): string => `/runs/${encodeURIComponent(model)}/${run}`

/** A workflow in the Temporal UI, when that is known. */
export const workflowAddress = (temporalUi: string | undefined, workflowId: string): string | undefined =>
  temporalUi === undefined ? undefined : `${temporalUi.replace(/\/$/, '')}/workflows/${encodeURIComponent(workflowId)}`
