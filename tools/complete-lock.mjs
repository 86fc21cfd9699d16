// Completes package-lock.json after an `npm install` through a registry that mirrors this platform only: npm then leaves
// the binaries of other platforms out, and `npm ci` refuses such a lock everywhere. The versions stand in the packages
// that ask for them; the platforms are read from the names. Without `--write` it says what is missing and exits with 1.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.mjs'

const FILE = join(ROOT, 'package-lock.json')
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']

const lock = JSON.parse(readFileSync(FILE, 'utf8'))
const missing = missingEntries(lock.packages)
for (const path of Object.keys(missing)) console.error(`missing: ${path.replace('node_modules/', '')}`)

if (Object.keys(missing).length > 0 && process.argv[2] === '--write') {
  const entries = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'))
  writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`)
} else if (Object.keys(missing).length > 0) {
  console.error('Complete the lock with: node tools/complete-lock.mjs --write')
  process.exit(1)
}

/** Entries of optional packages that a locked package asks for and the lock does not have. */
function missingEntries(packages) {
  const found = {}
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`
      if (packages[path] === undefined) found[path] = entryOf(name, version, entry)
    }
  }
  return found
}

function entryOf(name, version, { license, dev }) {
  const words = name.split(/[/-]/)
  const os = words.filter((word) => SYSTEMS.includes(word))
  const cpu = words.filter((word) => PROCESSORS.includes(word))
  if (os.length !== 1 || cpu.length !== 1 || !/^\d/.test(version)) {
    throw new Error(
      `Cannot lock ${name}@${version}: its name does not say its platform. Install it once from a full registry.`,
    )
  }
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : undefined
  return { version, cpu, ...(dev && { dev }), ...(libc && { libc }), ...(license && { license }), optional: true, os }
}
