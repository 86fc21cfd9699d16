import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a process has taken. */
export interface Sample {
  readonly rssBytes: number
  readonly cpuSeconds: number
}

/** Looks at a process of this host; not a number where it is gone. */
export async function sampleProcess(pid: number | undefined): Promise<Sample> {
  const nothing = { stdout: '' }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=,time=', '-p', String(pid)]).catch(() => nothing)
  const [kilobytes, time = ''] = stdout.trim().split(/\s+/)
  return { rssBytes: Number(kilobytes) * 1024, cpuSeconds: secondsOf(time) }
}

/** `[DAYS-]HOURS:MINUTES:SECONDS`, or `MINUTES:SECONDS`. */
function secondsOf(time: string): number {
  const [clock = '', days = '0'] = time.split('-').reverse()
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}
