import { setTimeout as sleep } from 'node:timers/promises'
import type { RefitClient } from '../client/client.js'
import type { RunStatus } from '../workflows/messages.js'

const LOOK_EVERY_MS = 300

/** Prints a line for each fact of a run as it appears, until the run has ended. */
export async function followRun(client: RefitClient, workflowId: string, print: (line: string) => void): Promise<void> {
  const told = new Set<string>()
  const tell = (line: string, kind = line) => {
    if (told.has(kind)) return
    told.add(kind)
    print(line)
  }
  for (;;) {
    const status = await client.runStatus(workflowId)
    for (const line of status === undefined ? [] : factsOf(status)) tell(line)
    if (status?.waitingFor != null) tell(`  waiting for ${status.waitingFor}`, kindOf(status.waitingFor))
    if (status?.stage === 'ended' || !(await client.isOpen(workflowId))) return
    await sleep(LOOK_EVERY_MS)
  }
}

const factsOf = ({ facts }: RunStatus): readonly string[] =>
  facts.map(({ stage, text }) => `  ${stage.padEnd(9)} ${text}`)

/** The same trouble is told once, though its numbers change, and the object that happened to be asked for. */
const kindOf = (text: string): string => text.replaceAll(/"[^"]*"|\d+/g, '#')
