// `npm run bench -- NAME`: runs a measurement of bench/, which ends with one JSON line (DESIGN: Measurements).
import { basename } from 'node:path'
import { ROOT } from './root.mjs'
import { filesIn, setup } from './setup.mjs'

await setup()
const names = filesIn('bench')
  .filter((file) => /^bench[\\/][^\\/]+\.ts$/.test(file))
  .map((file) => basename(file, '.ts'))
  .sort()
const [name, ...args] = process.argv.slice(2)

if (!names.includes(name)) {
  const what = name === undefined ? 'Name a measurement' : `There is no measurement "${name}"`
  console.error(`${what}: npm run bench -- ${names.join(' | ') || '(none yet)'}`)
  process.exit(2)
}
const { run } = await import(new URL(`dist/bench/${name}.js`, `file://${ROOT}`))
console.log(JSON.stringify(await run(args)))
