import { join } from 'node:path'
import { after } from 'node:test'
import { createEmbeddedRegistry } from '../../src/registry/embedded.js'
import { createS3Storage } from '../../src/storage/s3.js'
import { startMinistack } from '../support/ministack.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { registryConformance } from './conformance.js'

const server = await startMinistack()
if (server.kind === 'running') after(() => server.stop())

registryConformance('embedded, in S3 (MiniStack)', {
  skip: server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : undefined,
  open: async (t) => {
    if (server.kind === 'missing') throw new TypeError('This suite is skipped without a server.')
    const bucket = await server.newBucket()
    const cacheFolder = join(await temporaryFolder(t), 'cache')
    return async () =>
      createEmbeddedRegistry(createS3Storage({ bucket, prefix: 'refit', cacheFolder, client: server.client }))
  },
})
