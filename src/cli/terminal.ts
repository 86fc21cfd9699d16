/** What a command shows on a terminal besides its answer: colours and progress. The answer itself is `verb.ts`. */
import { SingleBar } from 'cli-progress'
import picocolors from 'picocolors'

/** A stream that may be a terminal. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** Colours for what goes to a stream. */
export type Paint = Pick<
  ReturnType<typeof picocolors.createColors>,
  'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'
>

/** How far a work is. */
export interface Progress {
  /** `share` of the work in [0, 1], and a few words on what is being done. */
  update(share: number, text?: string): void
  /** Ends the display; call it also when the work failed. */
  stop(): void
}

type Environment = Readonly<Record<string, string | undefined>>

/** Colours where they are wanted: on a terminal; never with `NO_COLOR`, always with `FORCE_COLOR`. */
export function paintFor(stream: OutputStream = process.stdout, env: Environment = process.env): Paint {
  return picocolors.createColors(wantsColours(stream, env))
}

/**
 * Shows progress on stderr, so that stdout stays the answer's: a bar on a terminal, in a file a line each tenth. Commands
 * that were asked for `--json` do not call it.
 */
export function showProgress(title: string, stream: OutputStream = process.stderr): Progress {
  return stream.isTTY === true ? drawnProgress(title, stream) : writtenProgress(title, stream)
}

/** Whether a person is there to answer questions. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true
}

function wantsColours(stream: OutputStream, env: Environment): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && env.TERM !== 'dumb'
}

function drawnProgress(title: string, stream: OutputStream): Progress {
  const bar = new SingleBar({
    format: `${title} {bar} {percentage} %  {text}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C belongs to the command, which may have work to undo.
    gracefulExit: false,
    stream,
  })
  bar.start(1, 0, { text: '' })
  return { update: (share, text = '') => bar.update(clamp(share), { text }), stop: () => bar.stop() }
}

/** A log is read afterwards: a line each tenth tells enough and buries nothing. */
function writtenProgress(title: string, stream: OutputStream): Progress {
  let written = -1
  return {
    update: (share, text = '') => {
      const tenth = Math.floor(clamp(share) * 10)
      if (tenth <= written) return
      written = tenth
      stream.write(`${title} ${tenth * 10} %${text === '' ? '' : `  ${text}`}\n`)
    },
    stop: () => undefined,
  }
}

const clamp = (share: number): number => Math.min(Math.max(share, 0), 1)
