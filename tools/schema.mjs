// Writes dist/refit.schema.json, the JSON Schema of the model spec, which the package exports for editors.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.mjs'

const { specJsonSchemaText } = await import(new URL('dist/src/spec/json-schema.js', `file://${ROOT}`))
writeFileSync(join(ROOT, 'dist/refit.schema.json'), specJsonSchemaText())
