// `npm run demo`: from a fresh clone to the running demonstration.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './root.mjs'
import { setup } from './setup.mjs'

await setup()
const args = ['--enable-source-maps', join(ROOT, 'dist/src/cli/main.js'), 'demo', ...process.argv.slice(2)]
const demo = spawn(process.execPath, args, { stdio: 'inherit' })
// The terminal sends Ctrl-C to both; the demonstration ends in its own order, and this process waits for it.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => demo.kill('SIGTERM'))
demo.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
