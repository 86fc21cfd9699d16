/** How every verb ends: one text or one JSON object on standard output, errors in one place, exit codes that mean something. */
import type { Command } from 'commander'
import { messageOf, RefitError, type RefitErrorCode } from '../errors.js'
import { paintFor } from './terminal.js'

/** What a verb found out: data for `--json`, text for people. */
export interface Answer {
  readonly json: Readonly<Record<string, unknown>>
  readonly text: string
  /** 0 unless given; 1 where the answer itself is bad news for a script; 2 where the input is bad. */
  readonly exitCode?: 0 | 1 | 2
}

/** Errors that the caller can only mend by calling otherwise. */
const BAD_INPUT: readonly RefitErrorCode[] = ['InvalidInput', 'InvalidSpec', 'NotFound', 'NotAllowed']

/** Gives a verb `--json` and makes its action print the answer. */
export function answers<Options extends object>(
  command: Command,
  act: (args: readonly (string | undefined)[], options: Options & { readonly json?: boolean }) => Promise<Answer>,
): void {
  command.option('--json', 'one JSON object on stdout').action(async () => {
    const options = command.opts<Options & { json?: boolean }>()
    const args = command.processedArgs.map((part) => (typeof part === 'string' ? part : undefined))
    try {
      const { json, text, exitCode = 0 } = await act(args, options)
      process.stdout.write(options.json === true ? `${JSON.stringify(json)}\n` : `${text}\n`)
      process.exitCode = exitCode
    } catch (thrown) {
      fail(thrown, options.json === true)
    }
  })
}

/** Prints what went wrong and sets the exit code: 2 for bad input, 1 for all else. */
export function fail(thrown: unknown, asJson: boolean): void {
  const code = thrown instanceof RefitError ? thrown.code : 'Unexpected'
  const message = messageOf(thrown)
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`${paintFor(process.stderr).red('error')} ${message}\n`)
  // An error that nobody foresaw is a bug of ours: its stack is what a report of it needs.
  if (!(thrown instanceof RefitError) && thrown instanceof Error) process.stderr.write(`${thrown.stack ?? ''}\n`)
  process.exitCode = thrown instanceof RefitError && BAD_INPUT.includes(thrown.code) ? 2 : 1
}
