import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { ROOT } from './root.mjs'
import { filesIn } from './setup.mjs'

/** Tests that need a Temporal server. */
const NEEDS_SERVER = /^(e2e|faults)[\\/]/

/** Tests with many processes, other servers or Python: for `npm test`, too slow for the inner loop. */
const IS_SLOW = /\.slow\.test\.js$/

/** Compiled test files of a kind: `unit`, `slow`, or `server` for the end-to-end and fault tests. */
export function testFiles(kind) {
  const files = filesIn('dist/test').filter((file) => file.endsWith('.test.js'))
  return files.filter((file) => kindOf(file) === kind).sort()
}

function kindOf(file) {
  if (NEEDS_SERVER.test(file.slice('dist/test/'.length))) return 'server'
  return IS_SLOW.test(file) ? 'slow' : 'unit'
}

/** Runs test files, `concurrency` at a time, with the runner's own report and closing lines. Gives whether all passed. */
export async function runTests(files, concurrency) {
  // Without files the runner would look for some by itself.
  if (files.length === 0) return true
  // The compiled files are run, the sources are what a stack trace should show.
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim()
  let passed = true
  const tests = run({ files: files.map((file) => join(ROOT, file)), concurrency })
  tests.on('test:fail', ({ todo, skip }) => {
    if (todo === undefined && skip === undefined) passed = false
  })
  for await (const text of tests.compose(new spec())) process.stdout.write(text)
  return passed
}
