// Plays the scenarios of test/replay on a real Temporal server and writes the histories that they leave into
// test/histories, whose README says when: node tools/capture-histories.mjs [SCENARIO …]
import { join } from 'node:path'
import { ROOT, say } from './root.mjs'
import { setup } from './setup.mjs'

await setup()
const { captureHistories } = await import(new URL('dist/test/replay/capture.js', `file://${ROOT}`))
say('capturing histories')
await captureHistories(join(ROOT, 'test/histories'), process.argv.slice(2), (file) => console.error(`  ${file}`))
