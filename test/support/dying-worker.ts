/** A worker that kills itself, with SIGKILL, at one exact point of the process; once, as a file remembers. */
import { existsSync, writeFileSync } from 'node:fs'
import { WORKER_READY } from '../../src/cli/stack/worker-ready.js'
import { readConfig } from '../../src/config.js'
import type { Ports } from '../../src/stages/ports.js'
import { openPorts } from '../../src/wiring.js'
import { startWorker } from '../../src/worker.js'

const [point = '', marker = ''] = process.argv.slice(2)

/** Key of a commit in a dataset's log. */
const COMMIT = /^datasets\/[^/]+\/log\/\d+\.json$/

const config = readConfig(process.env)
const worker = await startWorker(config, doomed(await openPorts(config)))
process.once('disconnect', () => worker.stop())
process.channel?.unref()
process.stdout.write(`${WORKER_READY}\n`)
await worker.done

function dieOnce(): void {
  if (existsSync(marker)) return
  writeFileSync(marker, point)
  process.kill(process.pid, 'SIGKILL')
}

/** The real ports, with the point of death put in at the seam. */
function doomed(ports: Ports): Ports {
  const { storage, registry } = ports
  switch (point) {
    case 'partition written, commit not yet':
      return {
        ...ports,
        data: {
          ...ports.data,
          storage: replacing(storage, {
            async create(key, body) {
              if (COMMIT.test(key)) dieOnce()
              return storage.create(key, body)
            },
          }),
        },
      }
    case 'commit written, answer not yet':
      return {
        ...ports,
        data: {
          ...ports.data,
          storage: replacing(storage, {
            async create(key, body) {
              const isFirst = await storage.create(key, body)
              if (COMMIT.test(key)) dieOnce()
              return isFirst
            },
          }),
        },
      }
    case 'in training, after a checkpoint':
      return {
        ...ports,
        openTrainer(revision) {
          const trainer = ports.openTrainer(revision)
          return {
            can: trainer.can,
            train: (job, hooks) =>
              trainer.train(job, {
                ...hooks,
                async checkpoint(file) {
                  await hooks.checkpoint(file)
                  dieOnce()
                },
              }),
          }
        },
      }
    case 'version registered, answer not yet':
      return {
        ...ports,
        registry: replacing(registry, {
          async register(model, record, by) {
            const version = await registry.register(model, record, by)
            if (version.version > 0) dieOnce()
            return version
          },
        }),
      }
    case 'champion moved, answer not yet':
      return {
        ...ports,
        registry: replacing(registry, {
          async move(model, alias, request) {
            const outcome = await registry.move(model, alias, request)
            if (alias === 'champion') dieOnce()
            return outcome
          },
        }),
      }
    default:
      return ports
  }
}

/** The adapter with one of its methods replaced. */
function replacing<T extends object>(adapter: T, methods: Partial<T>): T {
  return new Proxy(adapter, {
    get(target, name) {
      const replaced: unknown = Reflect.get(methods, name)
      const value: unknown = replaced ?? Reflect.get(target, name)
      // Bound to the real adapter, whose private fields a proxy does not have.
      return typeof value === 'function' ? value.bind(replaced === undefined ? target : methods) : value
    },
  })
}
