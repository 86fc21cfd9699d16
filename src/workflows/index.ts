/** All workflows of Refit, for the worker's bundle: exports only. */
export { ingest } from './ingest.js'
export { retrain } from './retrain.js'
export { steward } from './steward.js'
export { tick } from './tick.js'
