import { checkbox, confirm, input, number, select } from '@inquirer/prompts'
import { RefitError } from '../errors.js'

/** A choice of a list. */
export interface Choice {
  readonly value: string
  readonly name?: string
  readonly description?: string
  /** Whether it is chosen to begin with, where many can be. */
  readonly checked?: boolean
}

/** The kinds of questions that are asked. */
export interface Prompts {
  /** Text, not empty unless `optional`. */
  text(
    message: string,
    options?: { readonly default?: string; readonly optional?: boolean; check?: Check },
  ): Promise<string>
  number(message: string, options?: { readonly default?: number; readonly min?: number }): Promise<number | undefined>
  yesOrNo(message: string, initial: boolean): Promise<boolean>
  choose(message: string, choices: readonly Choice[]): Promise<string>
  /** At least one. */
  chooseSome(message: string, choices: readonly Choice[]): Promise<readonly string[]>
}

/** Says what is wrong with an answer; `undefined` when nothing is. */
export type Check = (answer: string) => string | undefined

/** Questions on the terminal of this process. Ctrl-C rejects with `Cancelled`. */
export function terminalPrompts(): Prompts {
  return {
    text: (message, { default: initial, optional = false, check } = {}) =>
      answer(
        input({
          message,
          ...(initial === undefined ? {} : { default: initial }),
          validate: (value) => {
            if (value.trim() === '') return optional || 'An answer is needed here.'
            return check?.(value.trim()) ?? true
          },
        }).then((value) => value.trim()),
      ),
    number: (message, options = {}) => answer(number({ message, step: 'any', ...options })),
    yesOrNo: (message, initial) => answer(confirm({ message, default: initial })),
    choose: (message, choices) => answer(select({ message, choices })),
    chooseSome: (message, choices) => answer(checkbox({ message, choices, required: true, pageSize: 15 })),
  }
}

async function answer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ExitPromptError') throw cause
    throw new RefitError('Cancelled', 'The questions were left unanswered; nothing was written.', { cause })
  }
}
