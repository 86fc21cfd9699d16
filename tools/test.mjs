// Everything: prepares the clone, obtains a Temporal server, checks, then tests what is slow, end to end and under faults.
import { join } from 'node:path'
import { ROOT, runScript, say } from './root.mjs'
import { runTests, testFiles } from './run-tests.mjs'
import { setup } from './setup.mjs'

await setup()
// Before the tests: those of the server skip themselves where there is none.
runScript(join(ROOT, 'tools/temporal.mjs'), [])
runScript(join(ROOT, 'tools/check.mjs'), [])
say('tests with a Temporal server, other servers, many processes and Python')
// Two at a time, the longest rooms first: most of them wait, and none needs a machine of its own.
if (!(await runTests([...testFiles('server'), ...testFiles('slow')], 2))) process.exit(1)
