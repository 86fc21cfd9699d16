// Removes what the compiler made.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.mjs'

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
