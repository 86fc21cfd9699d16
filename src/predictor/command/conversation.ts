/** Questions and answers, one JSON line each, with a program that stays open. */
import { z } from 'zod'
import { messageOf, RefitError } from '../../errors.js'
import { LastLines } from '../../program/last-lines.js'
import { readLines } from '../../program/read-lines.js'
import type { Program, ProgramEnd } from '../../program/start-program.js'
import type { FeatureValues } from '../feature-values.js'

/** Rows that a program is asked to score. */
export interface Question {
  readonly rows: number
  readonly columns: Readonly<Record<string, FeatureValues>>
}

const Answer = z.union([
  z.object({ id: z.number(), scores: z.array(z.number()) }),
  z.object({ id: z.number(), error: z.string() }),
])

/** An answer to the largest question has a few hundred kilobytes; a line far beyond that is not one. */
const MAX_LINE = 16 * 1024 * 1024
/** How much of a strange line a message shows. */
const EXCERPT = 200

interface Waiting {
  resolve(scores: readonly number[]): void
  reject(error: RefitError): void
}

/** A conversation with one program. Once it broke, every question rejects with the reason. */
export class Conversation {
  readonly #waiting = new Map<number, Waiting>()
  readonly #said = new LastLines()
  #broken: RefitError | undefined
  #lastId = 0

  /** `name` is the command, for errors; a question that is not answered in `timeoutMs` breaks the conversation. */
  constructor(
    readonly program: Program,
    readonly name: string,
    readonly timeoutMs: number,
  ) {
    listen(program, (line) => this.#take(line), this.#said).then(
      (end) => this.#break(meaningOf(end)),
      (thrown) => this.#break(messageOf(thrown)),
    )
  }

  /** Scores as the program gave them. Rejects with `PredictorFailed`. */
  ask(question: Question): Promise<readonly number[]> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    this.#lastId += 1
    const id = this.#lastId
    const timer = setTimeout(() => this.#giveUp(), this.timeoutMs)
    const answer = new Promise<readonly number[]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
    this.program.stdin.write(`${JSON.stringify({ id, ...question })}\n`)
    return answer.finally(() => clearTimeout(timer))
  }

  /** Ends the program; questions under way reject. */
  async close(): Promise<void> {
    this.#break('it was closed')
    this.program.stdin.end()
    await this.program.stop()
  }

  #take(line: string): void {
    const answer = line.startsWith('{') ? parseAnswer(line) : undefined
    const asked = answer === undefined ? undefined : this.#waiting.get(answer.id)
    if (answer !== undefined && asked !== undefined) {
      this.#waiting.delete(answer.id)
      if ('scores' in answer) asked.resolve(answer.scores)
      else asked.reject(refusal(this.name, answer.error))
    } else if (line.startsWith('{')) {
      this.#break(`it answered with what is no answer to a question: ${line.slice(0, EXCERPT)}`, true)
    } else {
      // What the libraries of a model print.
      this.#said.add([line])
    }
  }

  #giveUp(): void {
    this.#break(`it did not answer within ${this.timeoutMs / 1000} seconds`)
    void this.program.stop()
  }

  #break(reason: string, permanent = false): void {
    if (this.#broken !== undefined) return
    const tail = this.#said.under('It said last:')
    const broken = new RefitError('PredictorFailed', `Cannot score with \`${this.name}\`: ${reason}.${tail}`, {
      permanent,
    })
    this.#broken = broken
    for (const { reject } of this.#waiting.values()) reject(broken)
    this.#waiting.clear()
  }
}

/** Reads both outputs to their end, then tells how the program ended. */
async function listen(program: Program, take: (line: string) => void, said: LastLines): Promise<ProgramEnd> {
  const answers = async (): Promise<void> => {
    for await (const lines of readLines(program.stdout, MAX_LINE)) lines.forEach(take)
  }
  const errors = async (): Promise<void> => {
    for await (const lines of readLines(program.stderr, MAX_LINE)) said.add(lines)
  }
  const [end] = await Promise.all([program.ended, answers(), errors()])
  return end
}

function parseAnswer(line: string): z.infer<typeof Answer> | undefined {
  try {
    return Answer.safeParse(JSON.parse(line)).data
  } catch {
    // Cut off, or NaN, which JSON does not have.
    return undefined
  }
}

/** The program went on: it refuses these rows, and would again. */
function refusal(name: string, error: string): RefitError {
  return new RefitError('PredictorFailed', `Cannot score with \`${name}\`: ${error.slice(0, 2000)}.`, {
    permanent: true,
  })
}

function meaningOf(end: ProgramEnd): string {
  return end.kind === 'signal' ? `it was ended by ${end.signal}` : `it ended with exit code ${end.code}`
}
