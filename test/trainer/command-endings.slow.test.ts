import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorkshop, type Workshop } from './workshop.js'

/** Whether a process is there and has not ended. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // A process that ended stays as a zombie until its parent, here perhaps nobody, asks for it.
  if (status !== undefined) return !/\) [ZX] /.test(status)
  try {
    return process.kill(pid, 0) && process.platform !== 'linux'
  } catch {
    return false
  }
}

/** Waits until the program of a workshop said how far it is. */
async function firstProgress(shop: Workshop): Promise<string> {
  for (;;) {
    const said = shop.progress.at(-1)
    if (said !== undefined) return said.text
    await sleep(10)
  }
}

const HELPER = `const helper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })`

test('a cancelled training ends with Cancelled and leaves neither the program nor its helpers', async (t) => {
  const shop = await openWorkshop(
    t,
    `${HELPER}; say({ progress: 0, text: process.pid + ' ' + helper.pid })
    setInterval(() => {}, 1000)`,
  )
  const training = shop.train()
  const pids = (await firstProgress(shop)).split(' ').map(Number)
  shop.cancel.abort()
  await assert.rejects(training, { code: 'Cancelled', permanent: true })
  assert.deepEqual(await Promise.all(pids.map(isAlive)), [false, false])
})

test('a program that does not listen to SIGTERM is killed after five seconds', async (t) => {
  const shop = await openWorkshop(
    t,
    `process.on('SIGTERM', () => console.log('no'))
    say({ progress: 0, text: String(process.pid) }); setInterval(() => {}, 1000)`,
  )
  const training = shop.train()
  const pid = Number(await firstProgress(shop))
  const begin = Date.now()
  shop.cancel.abort()
  await assert.rejects(training, { code: 'Cancelled' })
  assert.ok(Date.now() - begin >= 4900 && Date.now() - begin < 9000, `took ${Date.now() - begin} ms`)
  assert.equal(await isAlive(pid), false)
  assert.equal(await readFile(`${shop.job.outputFolder}.log`, 'utf8'), 'no\n')
})

test('a training that was cancelled before it began starts nothing', async (t) => {
  const shop = await openWorkshop(t, `writeFileSync('started', '')`)
  shop.cancel.abort()
  await assert.rejects(shop.train(), { code: 'Cancelled' })
  await assert.rejects(stat(join(shop.folder, 'started')))
})

test('a training that takes too long ends as a permanent failure with a way out', async (t) => {
  const shop = await openWorkshop(t, 'setInterval(() => {}, 1000)')
  await assert.rejects(shop.train({ timeoutMs: 600 }), {
    code: 'TrainingFailed',
    permanent: true,
    message: /it took longer than 0\.01 minutes\. Raise trainer\.timeoutMinutes, or train on fewer rows\./,
  })
})

test('helpers that a program leaves behind end with it', async (t) => {
  const shop = await openWorkshop(
    t,
    `${HELPER}; say({ progress: 1, text: String(helper.pid) }); finish(); process.exit(0)`,
  )
  await shop.train()
  assert.equal(await isAlive(Number(await firstProgress(shop))), false)
})

test('endless lines and hundreds of megabytes of output exhaust neither memory nor the disk', {
  timeout: 120_000,
}, async (t) => {
  const shop = await openWorkshop(
    t,
    `import { writeSync } from 'node:fs'
     const block = Buffer.alloc(1 << 20, 'x')
     const write = (fd, bytes) => { for (let at = 0; at < bytes.length;) {
       try { at += writeSync(fd, bytes, at) } catch (e) { if (e.code !== 'EAGAIN') throw e } } }
     for (let i = 0; i < 150; i++) write(1, block)
     const lines = Buffer.from(('y'.repeat(1023) + '\\n').repeat(1024))
     for (let i = 0; i < 150; i++) write(2, lines)
     write(2, Buffer.from('the end\\n'))
     process.exitCode = 4`,
  )
  const before = process.memoryUsage().rss
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss - before)
  }, 20)
  await assert.rejects(shop.train(), /failed with exit code 4[\s\S]*the end/)
  clearInterval(watch)
  assert.ok(peak < 150 * 2 ** 20, `took ${Math.round(peak / 2 ** 20)} MiB`)
  const file = `${shop.job.outputFolder}.log`
  const { size } = await stat(file)
  assert.ok(size < 66 * 2 ** 20, `the log has ${size} bytes`)
  assert.equal((await readFile(file, 'utf8')).split('The log is full: later lines were left out.\n').length, 2)
})

test('a program that was killed goes on from its last checkpoint', async (t) => {
  const shop = await openWorkshop(
    t,
    `let sum = job.resumeFrom ? Number(readFileSync(job.resumeFrom, 'utf8')) : 0
     while (sum < 10) {
       sum++
       writeFileSync(job.checkpointFolder + '/' + sum, String(sum)); say({ checkpoint: String(sum) })
       if (sum === 4 && !job.resumeFrom) { await new Promise((r) => setTimeout(r, 300)); process.kill(process.pid, 'SIGKILL') }
     }
     finish({ summary: (job.resumeFrom ? 'resumed to ' : 'counted to ') + sum })`,
  )
  await assert.rejects(shop.train(), { code: 'TrainingFailed', permanent: false })
  const resumeFrom = shop.checkpoints.at(-1)
  assert.equal(resumeFrom, join(shop.job.checkpointFolder, '4'))
  const result = await shop.train({}, { resumeFrom })
  assert.equal(result.summary, 'resumed to 10')
})
