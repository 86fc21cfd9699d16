// What CI runs: format, lint, types, architecture and every test that needs no Temporal server.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ROOT, runScript, say } from './root.mjs'
import { runTests, testFiles } from './run-tests.mjs'
import { build, install } from './setup.mjs'

const STEPS = [
  ['format and lint', () => runScript(join(ROOT, 'node_modules/@biomejs/biome/bin/biome'), ['check', '.'])],
  ['types', build],
  ['tests', tests],
]

install()
const seconds = []
for (const [name, step] of STEPS) {
  say(name)
  const before = Date.now()
  await step()
  seconds.push(`${name} ${((Date.now() - before) / 1000).toFixed(1)} s`)
}
say(`check passed: ${seconds.join(', ')}`)

async function tests() {
  // One more than there are processors: some tests wait for a time limit and need none.
  const passed = await runTests(testFiles('unit'), availableParallelism() + 1)
  if (!passed) process.exit(1)
}
