import { Worker } from 'node:worker_threads'
import { messageOf, RefitError, unreachable } from '../../errors.js'
import type { TrainingHooks } from '../trainer.js'
import type { EncodedRows } from './encode.js'
import { cancelled } from './failure.js'
import type { ThreadAnswer, ThreadMessage, ThreadResult, ThreadTask } from './thread-messages.js'

/** Trains in a thread of its own. The rows of the task are handed over to it: the caller has them no more. */
export async function runThread(task: ThreadTask, hooks: TrainingHooks): Promise<ThreadResult> {
  if (hooks.signal.aborted) throw cancelled()
  const thread = new Worker(new URL('./thread.js', import.meta.url), {
    name: 'refit trainer',
    workerData: task,
    transferList: [...buffersOf(task.training), ...buffersOf(task.validation)],
  })
  let abort = () => {}
  try {
    return await new Promise((resolve, reject) => {
      abort = () => reject(cancelled())
      hooks.signal.addEventListener('abort', abort)
      thread.on('error', (thrown) => reject(broken(messageOf(thrown), thrown)))
      thread.on('exit', (code) => reject(broken(`the thread ended with code ${code}`)))
      thread.on('message', (message: ThreadMessage) => {
        hear(message, thread, hooks).then((result) => result !== undefined && resolve(result), reject)
      })
    })
  } finally {
    hooks.signal.removeEventListener('abort', abort)
    // Ends the thread wherever it is, also in the midst of a kernel.
    await thread.terminate()
  }
}

async function hear(message: ThreadMessage, thread: Worker, hooks: TrainingHooks): Promise<ThreadResult | undefined> {
  switch (message.kind) {
    case 'progress':
      hooks.progress(message.progress)
      return undefined
    case 'checkpoint': {
      await hooks.checkpoint(message.file)
      const answer: ThreadAnswer = { kind: 'saved' }
      thread.postMessage(answer)
      return undefined
    }
    case 'trained':
      return message.result
    default:
      return unreachable(message)
  }
}

function buffersOf({ ids, numbers, label, weight }: EncodedRows): ArrayBuffer[] {
  return [ids, numbers, label, weight].map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
}

function broken(reason: string, cause?: unknown): RefitError {
  const text = `Cannot train: the training thread broke off: ${reason}. Another attempt goes on from the last checkpoint.`
  return new RefitError('TrainingFailed', text, cause === undefined ? {} : { cause })
}
