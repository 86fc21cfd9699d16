import { join } from 'node:path'
import { createLocalStorage } from '../../src/storage/local.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { logConformance } from './log-conformance.js'

logConformance('in a folder', {
  rivals: 40,
  open: async (t) => {
    const folder = join(await temporaryFolder(t), 'store')
    return () => createLocalStorage(folder)
  },
})
