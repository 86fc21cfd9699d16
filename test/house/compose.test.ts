/** What can be known of docker-compose.yml and the Dockerfile without starting a container. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { z } from 'zod'
import { Environment, readConfig } from '../../src/config.js'
import { SEARCH_ATTRIBUTES } from '../../src/workflows/search-attributes.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const Service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  configs: z.array(z.object({ source: z.string() })).default([]),
  ports: z.array(z.string()).default([]),
})
const Compose = z.looseObject({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
  configs: z.record(z.string(), z.object({ content: z.string() })),
})

const document: unknown = parse(read('docker-compose.yml'), { merge: true })
const compose = Compose.parse(document)
const services = Object.entries(compose.services)

/** The schema of the Compose specification, as a maintained linter ships it. */
function composeSchema() {
  const { $schema: _, ...schema } = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(read('node_modules/dclint/schemas/compose.schema.json')))
  // `$schema` is left out: it names its draft by an address that Ajv knows in the http form only.
  return new Ajv({ strict: false, validateFormats: false }).compile(schema)
}

/** A value as a shell with only the required variables set would leave it. */
function interpolate(value: string): string {
  return value.replaceAll(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}/g,
    (_, _name, fallback: string | undefined) => fallback ?? 'a-long-token',
  )
}

test('docker-compose.yml is valid by the schema of the Compose specification', () => {
  const validate = composeSchema()
  assert.ok(validate(document), JSON.stringify(validate.errors))
})

test('the schema refuses a misspelt key', () => {
  const validate = composeSchema()
  assert.equal(validate({ services: { worker: { image: 'refit', enviroment: {} } } }), false)
})

test('whoever is waited for exists, and has a health check where its health is waited for', () => {
  for (const [name, { depends_on }] of services) {
    for (const [target, { condition }] of Object.entries(depends_on)) {
      const awaited = compose.services[target]
      assert.ok(awaited !== undefined, `${name} waits for ${target}, which is no service`)
      if (condition === 'service_healthy') assert.ok(awaited.healthcheck, `${name} waits for the health of ${target}`)
    }
  }
})

test('every volume and config that is used is declared, and the other way round', () => {
  const named = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
  const usedVolumes = new Set(named.filter((source) => /^[a-z]/.test(source)))
  const usedConfigs = new Set(services.flatMap(([, { configs }]) => configs.map(({ source }) => source)))
  assert.deepEqual([...usedVolumes].sort(), Object.keys(compose.volumes).sort())
  assert.deepEqual([...usedConfigs].sort(), Object.keys(compose.configs).sort())
})

test('images that are pulled have a version, and ports are published to this machine only', () => {
  for (const [name, { image, build, ports }] of services) {
    if (build === undefined) assert.match(image, /:v?\d+\.\d+/, `${name}: ${image}`)
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, `${name}: ${port}`)
  }
})

for (const name of ['worker', 'receiver']) {
  test(`the environment of the ${name} is one that Refit reads`, () => {
    const environment = compose.services[name]?.environment ?? {}
    const ours = Object.keys(environment).filter((variable) => variable.startsWith('REFIT_'))
    assert.deepEqual(
      ours.filter((variable) => !Object.keys(Environment.shape).includes(variable)),
      [],
    )
    const values = Object.entries(environment).map(([variable, value]) => [variable, interpolate(value)])
    assert.equal(readConfig(Object.fromEntries(values)).store, 's3://refit/production')
  })
}

test('scripts are valid for a shell', () => {
  for (const name of ['schema', 'namespace']) {
    execFileSync('sh', ['-n'], { input: compose.configs[name]?.content.replaceAll('$$', '$') })
  }
})

test('the namespace gets the search attributes that workflows set', () => {
  const names = /for name in (.*); do/.exec(compose.configs.namespace?.content ?? '')?.[1]
  assert.deepEqual(names?.split(' '), SEARCH_ATTRIBUTES)
})

test('the Dockerfile copies what exists and what .dockerignore lets through, and starts the command line', () => {
  const dockerfile = read('Dockerfile')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  )
  const admitted = read('.dockerignore')
    .split('\n')
    .map((line) => line.replace(/^!/, ''))
  assert.ok(copied.length > 0)
  for (const source of copied) {
    assert.ok(existsSync(join(ROOT, source)), `${source} does not exist`)
    assert.ok(admitted.includes(source.replace('./', '')), `${source} is ignored`)
  }
  const { bin } = z.object({ bin: z.object({ refit: z.string() }) }).parse(JSON.parse(read('package.json')))
  assert.match(dockerfile, new RegExp(`ENTRYPOINT .*"/refit/${bin.refit.slice(2)}"`))
})
