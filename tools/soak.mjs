// `npm run soak -- --seeds N`: the fault laboratory of test/faults/lab; ends with one JSON line (DESIGN: Measurements).
import { ROOT } from './root.mjs'
import { setup } from './setup.mjs'

await setup()
const { soak } = await import(new URL('dist/test/faults/lab/soak.js', `file://${ROOT}`))
const { line, exitCode } = await soak(process.argv.slice(2))
console.log(JSON.stringify(line))
process.exit(exitCode)
