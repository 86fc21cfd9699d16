/** The orders of `late-orders.ts` whose labels come later, by a feed of their own. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Changes the spec of the orders: labels come from `labels/*.csv` by key, and in no other way. */
export const withFeed =
  (more: string) =>
  (text: string): string =>
    text.replace(
      '  label:\n    sql: late\n',
      `  labels:
    inspections:
      kind: verified
      source: { kind: files, glob: labels/*.csv }
      columns:
        ordered: { type: timestamp }
        mass: { type: number }
        depot: { type: string }
        known: { type: timestamp }
        late: { type: boolean }
      key: [ordered, mass, depot]
      time: known
      sql: late
${more}`,
    )

/**
 * Answers about orders, from the file that they are in to a file of the feed: known `afterHours` after the order. Gives how
 * many. `isAsked` tells by `ordered,mass,depot` whether an order is answered about; all unless given.
 */
export async function answerOrders(
  orders: string,
  to: string,
  { afterHours = 24, isAsked = () => true }: { afterHours?: number; isAsked?: (key: string) => boolean } = {},
): Promise<number> {
  const [, ...lines] = (await readFile(orders, 'utf8')).trimEnd().split('\n')
  const answers = lines.flatMap((line) => {
    const [ordered = '', mass = '', depot = '', late = ''] = line.split(',')
    if (mass === 'heavy' || !isAsked(`${ordered},${Number(mass)},${depot}`)) return []
    const known = new Date(Date.parse(`${ordered.replace(' ', 'T')}Z`) + afterHours * 3_600_000).toISOString()
    return [`${ordered},${mass},${depot},${known},${late}`]
  })
  await mkdir(dirname(to), { recursive: true })
  await writeFile(to, `ordered,mass,depot,known,late\n${answers.join('\n')}\n`)
  return answers.length
}
