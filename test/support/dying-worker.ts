/**
 * A worker that kills itself (SIGKILL), or falls asleep (SIGSTOP), at one exact point of the process; once, as a file
 * remembers. One that was woken tells in another file that it went on, and what became of the write it slept before.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { WORKER_READY } from '../../src/cli/stack/worker-ready.js'
import { readConfig } from '../../src/config.js'
import type { Ports } from '../../src/stages/ports.js'
import { openPorts } from '../../src/wiring.js'
import { startWorker } from '../../src/worker.js'

const [point = '', marker = '', signal = 'SIGKILL'] = process.argv.slice(2)

/** Key of a commit in a dataset's log. */
const COMMIT = /^datasets\/[^/]+\/log\/\d+\.json$/

const config = readConfig(process.env)
const worker = await startWorker(config, doomed(await openPorts(config)))
process.once('disconnect', () => worker.stop())
process.channel?.unref()
process.stdout.write(`${WORKER_READY}\n`)
await worker.done

function dieOnce(): boolean {
  if (existsSync(marker)) return false
  writeFileSync(marker, point)
  process.kill(process.pid, signal)
  return true
}

/** Does a write after the point; a worker that slept there tells how it ended. */
async function dieBefore<T>(write: () => Promise<T>): Promise<T> {
  const hasSlept = dieOnce()
  const outcome = await write()
  if (hasSlept) writeFileSync(`${marker}-woke`, JSON.stringify(outcome))
  return outcome
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
              const write = () => storage.create(key, body)
              return COMMIT.test(key) ? dieBefore(write) : write()
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
