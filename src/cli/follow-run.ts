import { setTimeout as sleep } from 'node:timers/promises'
import type { RefitClient } from '../client/client.js'
import type { RunStatus } from '../workflows/messages.js'

const LOOK_EVERY_MS = 300

/** Prints a line for each fact of a run as it appears, until the run has ended. */
export async function followRun(client: RefitClient, workflowId: string, print: (line: string) => void): Promise<void> {
  const told = new Set<string>()
  const tell = (line: string) => {
    if (told.has(line)) return
    told.add(line)
    print(line)
  }
  for (;;) {
    const status = await client.runStatus(workflowId)
    if (status !== undefined) linesOf(status).forEach(tell)
    if (status?.stage === 'ended' || !(await client.isOpen(workflowId))) return
    await sleep(LOOK_EVERY_MS)
  }
}

function linesOf({ facts, waitingFor }: RunStatus): readonly string[] {
  const lines = facts.map(({ stage, text }) => `  ${stage.padEnd(9)} ${text}`)
  return waitingFor === null ? lines : [...lines, `  waiting for ${waitingFor}`]
}
