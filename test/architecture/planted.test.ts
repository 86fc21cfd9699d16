import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCycles, checkImports, checkRooms } from './imports.js'
import { checkPurity, checkReplayable } from './purity.js'
import { type Source, sourceOf, type Violation } from './sources.js'
import { checkDocumented, checkStyle } from './style.js'

type Check = (sources: readonly Source[]) => readonly Violation[]

interface Planted {
  readonly title: string
  readonly check: Check
  readonly path?: string
  readonly code: string
  /** What is found: `line text`. Nothing for code that is in order. */
  readonly found: readonly string[]
}

const PLANTED: readonly Planted[] = [
  {
    title: 'a pure part that imports a store',
    check: checkImports,
    path: 'src/decisions/decide.ts',
    code: `import { wilson } from '../statistics/wilson.js'\nimport { openLog } from '../storage/log.js'`,
    found: ['2 imports storage/log: decisions may import statistics, spec (types), trainer (types), errors'],
  },
  {
    title: 'a value where only types are allowed',
    check: checkImports,
    path: 'src/decisions/decide.ts',
    code: `import { ModelSpec } from '../spec/spec.js'`,
    found: ['1 imports spec/spec: decisions may import statistics, spec (types), trainer (types), errors'],
  },
  {
    title: 'types where types are allowed, in each way of writing them',
    check: checkImports,
    path: 'src/decisions/decide.ts',
    code: `import type { A } from '../spec/spec.js'\nimport { type B, type C } from '../spec/spec.js'\nexport type { D } from '../spec/spec.js'`,
    found: [],
  },
  {
    title: 'one value among types',
    check: checkImports,
    path: 'src/decisions/decide.ts',
    code: `import { type B, c } from '../spec/spec.js'`,
    found: ['1 imports spec/spec: decisions may import statistics, spec (types), trainer (types), errors'],
  },
  {
    title: 'a port where its adapter is meant to stay unknown',
    check: checkImports,
    path: 'src/stages/train.ts',
    code: `import { createLocalStorage } from '../storage/local.js'`,
    found: [
      '1 imports storage/local: stages may import data, decisions, ledger, spec, spool (types), statistics, ports, messages, errors',
    ],
  },
  {
    title: 'a room that imports one that stands on it',
    check: checkRooms,
    path: 'src/data/rules/derive.ts',
    code: `import type { A } from '../format/raw-rows.js'\nimport { B } from './features.js'\nimport type { C } from '../dataset/commit.js'`,
    found: ['3 imports src/data/dataset/commit.ts: rules may import engine, format'],
  },
  {
    title: 'a file of a part with rooms that is in none',
    check: checkRooms,
    path: 'src/data/odds.ts',
    code: 'export const odds = 1',
    found: [
      '1 is in none of the rooms engine, format, rules, profile, dataset, ingestion, quarantine, labels, selection, verify, upkeep, measure',
    ],
  },
  {
    title: 'an adapter that knows Temporal',
    check: checkImports,
    path: 'src/storage/s3.ts',
    code: `import { heartbeat } from '@temporalio/activity'\nimport { S3Client } from '@aws-sdk/client-s3'`,
    found: ['1 imports @temporalio/activity: the packages of storage are zod, @aws-sdk/*, @smithy/*'],
  },
  {
    title: 'DuckDB outside its room, imported when it is needed',
    check: checkImports,
    path: 'src/web/page.ts',
    code: `const duckdb = await import('@duckdb/node-api')`,
    found: [
      '1 imports @duckdb/node-api: the packages of web are hono, @hono/node-server, @observablehq/plot, linkedom, zod',
    ],
  },
  {
    title: 'files in a workflow',
    check: checkImports,
    path: 'src/workflows/retrain.ts',
    code: `import { readFile } from 'node:fs/promises'\nimport path from 'path'`,
    found: [
      "1 imports node:fs/promises: workflows may not use Node's modules",
      "2 imports path: workflows may not use Node's modules",
    ],
  },
  {
    title: 'a folder that nobody planned',
    check: checkImports,
    path: 'src/magic/magic.ts',
    code: '',
    found: ['1 src/magic is not in the table of parts'],
  },
  {
    title: 'any, !, an enum and both ways to cast',
    check: checkStyle,
    code: `let a: any\nconst b = a!\nenum C { D }\nconst e = a as string\nconst f = <string>a`,
    found: [
      '1 uses any',
      '2 uses ! to claim that a value is there',
      '3 declares an enum; a union of string literals needs no run time',
      '4 casts with as, without a comment that says why',
      '5 casts with <…>',
    ],
  },
  {
    title: 'casts that are constant or give their reason',
    check: checkStyle,
    code: `const a = [1] as const\n// Written by us with the same type.\nconst b = JSON.parse('') as A\nconst c = d as A // zod cannot say it`,
    found: [],
  },
  {
    title: 'a comment above the statement before is no reason',
    check: checkStyle,
    code: `// A reason for something else.\nconst a = 1\nconst b = d as A`,
    found: ['3 casts with as, without a comment that says why'],
  },
  {
    title: 'a folder named for nothing',
    check: checkStyle,
    path: 'src/data/helpers/dates.ts',
    code: '',
    found: ['1 "helpers" does not say what is in it'],
  },
  {
    title: 'a file named for nothing',
    check: checkStyle,
    path: 'src/data/utils.ts',
    code: '',
    found: ['1 "utils.ts" does not say what is in it'],
  },
  {
    title: 'a file of 301 lines',
    check: checkStyle,
    code: 'let a\n'.repeat(301),
    found: ['300 has 301 lines, more than 300'],
  },
  { title: 'a file of 300 lines', check: checkStyle, code: 'let a\n'.repeat(300), found: [] },
  {
    title: 'exports without a doc comment, of each kind',
    check: checkDocumented,
    code: `export const a = 1\n// not a doc comment\nexport function b() {}\nexport interface C {}\nexport type D = 1\nexport class E {}\nexport default 1`,
    found: [
      '1 export a has no doc comment',
      '3 export b has no doc comment',
      '4 export C has no doc comment',
      '5 export D has no doc comment',
      '6 export E has no doc comment',
      '7 export default has no doc comment',
    ],
  },
  {
    title: 'documented exports, and names that are passed on',
    check: checkDocumented,
    code: `/** One. */\nexport const a = 1\nexport { b } from './b.js'\nconst c = 1`,
    found: [],
  },
  {
    title: 'clock, chance and the world outside in a pure part',
    check: checkPurity,
    code: `Date.now()\nnew Date()\nMath.random()\nprocess.env.A\nfetch('x')\nsetTimeout(() => {}, 1)`,
    found: [
      '1 uses Date.now in a pure part',
      '2 uses new Date() in a pure part',
      '3 uses Math.random in a pure part',
      '4 uses process in a pure part',
      '5 uses fetch in a pure part',
      '6 uses setTimeout in a pure part',
    ],
  },
  {
    title: 'a workflow that asks the environment; its clock is replaced by Temporal',
    check: checkReplayable,
    path: 'src/workflows/retrain.ts',
    code: `Date.now()\nprocess.env.A`,
    found: ['2 uses process in code that is replayed'],
  },
  {
    title: 'overloads below a doc comment',
    check: checkDocumented,
    code: `/** Both. */\nexport function a(): void\nexport function a(b: 1): void\nexport function a() {}`,
    found: [],
  },
  {
    title: 'a given time, and members that are called as the globals are',
    check: checkPurity,
    code: `new Date(asOf)\nMath.max(1, 2)\nqueue.process()\nconst row = { process: 1 }`,
    found: [],
  },
]
for (const { title, check, path = 'src/spec/planted.ts', code, found } of PLANTED) {
  test(`${check.name}: ${title}`, () => {
    const violations = check([sourceOf(path, code)])
    assert.deepEqual(
      violations.map(({ line, text }) => `${line} ${text}`),
      found,
    )
  })
}

test('checkCycles: a circle of values is found once, one of types is none', () => {
  const circle = [
    sourceOf('src/data/a.ts', `import { b } from './b.js'`),
    sourceOf('src/data/b.ts', `import { c } from './deep/c.js'`),
    sourceOf('src/data/deep/c.ts', `export { a } from '../a.js'`),
    sourceOf('src/data/types.ts', `import type { d } from './more.js'`),
    sourceOf('src/data/more.ts', `import { e } from './types.js'`),
  ]
  assert.deepEqual(checkCycles(circle), [
    {
      path: 'src/data/a.ts',
      line: 1,
      text: 'is in a circle of imports: src/data/a.ts → src/data/b.ts → src/data/deep/c.ts → src/data/a.ts',
    },
  ])
})
