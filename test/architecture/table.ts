/**
 * Who may import whom. ARCHITECTURE.md mirrors this table, and a test compares them.
 *
 * `imports`: `storage` is any file of the folder (or the file `src/storage.ts`), `storage/objects` that one file, `ports`
 * a group, `*` everything; ` (types)` allows only what the compiler erases. A part may always import itself. `packages`: `@stdlib/*` is the scope.
 */

/** What one part of `src/` may import. */
export interface Part {
  readonly imports: readonly string[]
  readonly packages: readonly string[]
  /** Whether it may import Node's own modules. */
  readonly usesNode: boolean
}

/** Names that stand for several entries. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  ports: [
    'storage/storage',
    'storage/objects',
    'storage/log',
    'source/source',
    'registry/registry',
    'trainer/trainer',
    'predictor/predictor',
    'predictor/package',
  ],
  messages: ['workflows/messages', 'workflows/search-attributes'],
}

/** The parts of `src/`: its folders and the files beside them. Everything else in the tree is a mistake. */
export const PARTS: Readonly<Record<string, Part>> = {
  errors: { imports: [], packages: [], usesNode: false },
  statistics: { imports: [], packages: ['@stdlib/*'], usesNode: false },
  spec: { imports: ['errors'], packages: ['zod', 'yaml'], usesNode: false },
  decisions: {
    imports: ['statistics', 'spec (types)', 'trainer (types)', 'errors'],
    packages: ['@stdlib/*'],
    usesNode: false,
  },
  program: { imports: ['errors'], packages: [], usesNode: true },
  storage: { imports: ['errors'], packages: ['zod', '@aws-sdk/*', '@smithy/*'], usesNode: true },
  predictor: {
    imports: ['storage/objects', 'program', 'errors'],
    packages: ['zod', 'onnxruntime-node'],
    usesNode: true,
  },
  source: {
    imports: ['storage', 'errors'],
    packages: ['zod', 'tinyglobby', 'jsonc-parser', 'p-retry', 'pg', 'picomatch', '@aws-sdk/*'],
    usesNode: true,
  },
  spool: { imports: ['source', 'storage', 'errors'], packages: ['zod'], usesNode: true },
  registry: { imports: ['storage', 'predictor/package', 'errors'], packages: ['zod'], usesNode: true },
  // The embedded trainer opens what it exported: parity is checked on the graph that will serve.
  trainer: {
    imports: ['predictor', 'program', 'errors'],
    packages: ['zod', '@jax-js/jax', 'protobufjs'],
    usesNode: true,
  },
  rollout: { imports: ['registry/registry', 'storage', 'errors'], packages: ['zod'], usesNode: true },
  data: {
    imports: [
      ...['storage', 'source/source', 'spec', 'statistics (types)', 'predictor (types)', 'decisions (types)', 'errors'],
    ],
    packages: ['zod', '@duckdb/node-api', 'fzstd', 'xxhash-wasm'],
    usesNode: true,
  },
  ledger: {
    imports: ['storage', 'spec', 'decisions', 'messages', 'errors'],
    packages: ['zod'],
    usesNode: false,
  },
  stages: {
    imports: ['data', 'decisions', 'ledger', 'spec', 'spool (types)', 'statistics', 'ports', 'messages', 'errors'],
    packages: ['zod'],
    usesNode: true,
  },
  activities: {
    imports: ['stages', 'ledger', 'decisions', 'source (types)', 'client', 'messages', 'errors'],
    packages: ['@temporalio/activity', '@temporalio/common'],
    usesNode: false,
  },
  workflows: {
    imports: ['activities (types)', 'stages (types)', 'decisions (types)', 'source (types)', 'spec (types)', 'errors'],
    packages: ['@temporalio/workflow', '@temporalio/common', 'zod'],
    usesNode: false,
  },
  client: {
    imports: ['messages', 'errors'],
    packages: ['@temporalio/client', '@temporalio/common', '@temporalio/envconfig'],
    usesNode: false,
  },
  config: { imports: ['errors'], packages: ['zod'], usesNode: true },
  permissions: { imports: ['config (types)', 'spec (types)', 'errors'], packages: [], usesNode: true },
  server: { imports: ['errors'], packages: ['zod'], usesNode: true },
  web: {
    imports: [
      ...[
        'client',
        'config',
        'decisions (types)',
        'ledger',
        'stages (types)',
        'server',
        'source/inbox',
        'spec',
        'spool (types)',
        'statistics (types)',
        'ports',
      ],
      ...['messages', 'errors'],
    ],
    packages: ['hono', '@hono/node-server', '@observablehq/plot', 'linkedom', 'zod'],
    usesNode: true,
  },
  cli: {
    imports: [
      ...['client', 'config', 'data', 'decisions (types)', 'ledger', 'permissions', 'registry', 'server', 'spec'],
      ...['spool', 'stages', 'statistics', 'storage', 'web', 'wiring', 'worker', 'ports', 'messages', 'errors'],
    ],
    packages: ['commander', '@inquirer/prompts', 'cli-progress', 'picocolors', 'tinyglobby', 'yaml', 'zod'],
    usesNode: true,
  },
  // Adapters are chosen here and nowhere else.
  wiring: { imports: ['*'], packages: [], usesNode: true },
  worker: {
    imports: ['activities', 'config', 'stages (types)', 'workflows', 'errors'],
    packages: ['@temporalio/*'],
    usesNode: true,
  },
  index: { imports: ['*'], packages: [], usesNode: false },
}

/** The rooms of a part that has rooms, in the order of their foundations: each may import those before it. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  data: [
    ...['engine', 'format', 'rules', 'profile', 'dataset', 'ingestion', 'quarantine', 'labels', 'selection'],
    ...['verify', 'upkeep', 'measure'],
  ],
}

/** Parts that compute from what they are given: no clock, no chance, nothing outside. */
export const PURE_PARTS: readonly string[] = ['statistics', 'decisions']

/** Parts that Temporal replays: it replaces their clock, timers and chance, and nothing else. */
export const REPLAYED_PARTS: readonly string[] = ['workflows']

/** Names of files and folders that say nothing about what is in them. */
export const EMPTY_NAMES: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'misc']

/** A file that is longer has two duties. */
export const MAX_LINES = 300
