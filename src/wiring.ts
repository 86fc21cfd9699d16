/** Wires ports to adapters as the operator's configuration says: the one place that knows them all. */
import { mkdir } from 'node:fs/promises'
import type { Config } from './config.js'
import type { DataContext } from './data/context.js'
import { readBatches } from './data/read.js'
import { unreachable } from './errors.js'
import { checkCommand, checkPermissions, checkUrl } from './permissions.js'
import { openPredictor } from './predictor/open.js'
import type { FeatureColumn } from './predictor/package.js'
import { createEmbeddedRegistry } from './registry/embedded.js'
import { createFilesSource } from './source/files.js'
import type { Source } from './source/source.js'
import type { SpecRevision } from './spec/spec.js'
import type { Ports } from './stages/ports.js'
import { openStorage } from './storage/open.js'
import { createCommandTrainer } from './trainer/command.js'
import { createEmbeddedTrainer } from './trainer/embedded/embedded.js'
import type { Trainer } from './trainer/trainer.js'
import { renderReport } from './web/report/render-report.js'

/** Opens every port. A worker asks for a store that exists: an empty folder may be a volume that is not mounted. */
export async function openPorts(config: Config, store: { readonly mustExist?: boolean } = {}): Promise<Ports> {
  await mkdir(config.scratchFolder, { recursive: true })
  const storage = await openStorage(config.store, { cacheFolder: config.cacheFolder, ...store })
  const data: DataContext = {
    storage,
    scratchFolder: config.scratchFolder,
    memoryLimit: config.memory,
    ...(config.threads === undefined ? {} : { threads: config.threads }),
  }
  return {
    storage,
    registry: createEmbeddedRegistry(storage),
    data,
    openSource(revision) {
      checkPermissions(revision, config.allow)
      return openSource(revision)
    },
    openTrainer: (revision) => openTrainer(revision, config, data),
    async openPredictor(pack, folder) {
      const { predictor } = pack
      if (predictor.kind === 'command') checkCommand(predictor.command, config.allow.commands)
      if (predictor.kind === 'http') checkUrl(predictor.url, config.allow.urls)
      return openPredictor(pack, folder, process.env)
    },
    renderReport,
    now: () => new Date(),
  }
}

/** The source of a spec, whatever the operator allows: for a person who tries a spec of their own. */
export function openSource({ spec, folder }: SpecRevision): Source {
  const { source } = spec.data
  switch (source.kind) {
    case 'files':
      return createFilesSource({ glob: source.glob, folder })
    default:
      return unreachable(source.kind)
  }
}

function openTrainer(revision: SpecRevision, config: Config, data: DataContext): Trainer {
  checkPermissions(revision, config.allow)
  const { trainer } = revision.spec
  switch (trainer.kind) {
    case 'embedded':
      return createEmbeddedTrainer({ readColumns: columnReader(data) }, trainer.parameters)
    case 'command': {
      const { command, can, environment } = trainer
      return createCommandTrainer({ command, can, folder: revision.folder, environment, env: process.env })
    }
    default:
      return unreachable(trainer)
  }
}

const columnReader =
  (data: DataContext) =>
  (file: string, features: readonly FeatureColumn[], extra: readonly string[], signal: AbortSignal) =>
    readBatches(data, {
      files: [file],
      features,
      expressions: Object.fromEntries(extra.map((name) => [name, name])),
      signal,
    })
