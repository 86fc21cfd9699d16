import type { TemporalEvent, TemporalServer } from '../../server/events.js'
import { findTemporalServer } from '../../server/find-temporal-server.js'
import { type Progress, showProgress } from '../terminal.js'

/** Finds a Temporal server while a person sees what is tried, with a bar where it takes long. */
export async function searchTemporal(say: (line: string) => void, env: NodeJS.ProcessEnv): Promise<TemporalServer> {
  let bar: Progress | undefined
  const endBar = () => {
    bar?.stop()
    bar = undefined
  }
  const report = (event: TemporalEvent) => {
    switch (event.kind) {
      case 'progress':
        bar = bar ?? showProgress(event.step === 'build' ? 'Building Temporal' : 'Downloading Temporal')
        bar.update(event.total === null ? 0 : event.done / event.total, event.text)
        return
      case 'absent':
        endBar()
        if (event.step === 'download' || event.step === 'build') say(`  ${event.step}: ${event.reason}`)
        return
      case 'trying':
        if (event.step === 'build') say('  building the Temporal server from source: about five minutes, once')
        return
      case 'found':
        endBar()
    }
  }
  try {
    return await findTemporalServer({ env, report })
  } finally {
    endBar()
  }
}
