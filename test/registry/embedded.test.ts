import { join } from 'node:path'
import { createEmbeddedRegistry } from '../../src/registry/embedded.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { registryConformance } from './conformance.js'

registryConformance('embedded, in a folder', {
  open: async (t) => {
    const folder = join(await temporaryFolder(t), 'store')
    return async () => createEmbeddedRegistry(await createLocalStorage(folder))
  },
})
