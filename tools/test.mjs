// Everything: prepares the clone, obtains a Temporal server, checks, then tests what is slow, end to end and under faults.
import { join } from 'node:path'
import { ROOT, runScript, say } from './root.mjs'
import { runTests, testFiles } from './run-tests.mjs'
import { setup } from './setup.mjs'

await setup()
// Before the tests: those of the server skip themselves where there is none.
runScript(join(ROOT, 'tools/temporal.mjs'), [])
runScript(join(ROOT, 'tools/check.mjs'), [])
say('tests with many processes, other servers and Python')
if (!(await runTests(testFiles('slow'), 1))) process.exit(1)
say('end-to-end and fault tests')
if (!(await runTests(testFiles('server'), 1))) process.exit(1)
