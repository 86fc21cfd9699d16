// Writes docs/spec.md from the schema of the model spec. Build first: npm run build && node tools/spec-docs.mjs
// Another build folder may be named: node tools/spec-docs.mjs dist-other
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = resolve(root, process.argv[2] ?? 'dist')
const { specDocs } = await import(pathToFileURL(resolve(build, 'src/spec/spec-docs.js')).href)
writeFileSync(resolve(root, 'docs/spec.md'), specDocs())
console.log('docs/spec.md is written')
