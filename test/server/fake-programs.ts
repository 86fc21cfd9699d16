/** Small programs that stand for Temporal's and Go's: written to a temporary folder and really run. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that is removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-server-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a script that this Node runs, whatever PATH says. */
export async function writeProgram(path: string, script: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, `#!${process.execPath}\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

/** A script that answers `--version` as the Temporal command line does. */
export const versionScript = (server: string): string =>
  `console.log('temporal version 9.9.9 (Server ${server}, UI 2.50.1)')`

/**
 * A script that answers as the `go` of a version: it lists two packages, and a build writes a program that answers
 * `--version`. Each build leaves one line in `log`.
 */
export const goScript = (go: { version: string; toolchain: string; log: string }): string => `
const { appendFileSync, writeFileSync, existsSync } = require('node:fs')
const [verb, ...rest] = process.argv.slice(2)
if (verb === 'env') console.log('${go.version}\\n${go.toolchain}')
if (verb === 'list') console.log('first/package\\nsecond/package')
if (verb === 'build') {
  console.error('first/package')
  console.error('second/package')
  appendFileSync(${JSON.stringify(go.log)}, JSON.stringify({ cwd: existsSync('go.mod'), cache: process.env.GOCACHE }) + '\\n')
  const program = ${JSON.stringify(`#!${process.execPath}\n${versionScript('1.31.2')}\n`)}
  setTimeout(() => writeFileSync(rest[rest.indexOf('-o') + 1], program), 300)
}`
