/** What a worker prints when it serves: its parent waits for this line before it hands out work. */
export const WORKER_READY = 'refit worker: ready'
