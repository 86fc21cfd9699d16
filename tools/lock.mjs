// A lock between processes that prepare the same folder. The compiled twin in src/server/lock.ts cannot be used here:
// this one guards the compiling.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 300

/** Runs `work` while no other process of this machine holds the lock `file`. */
export async function withLock(file, work) {
  for (let told = false; !take(file); told = true) {
    if (!told) console.error(`Another process prepares this folder; waiting for it (${file}).`)
    await sleep(POLL_MS)
  }
  const release = () => rmSync(file, { force: true })
  // Work that fails ends the process on the spot.
  process.once('exit', release)
  try {
    return await work()
  } finally {
    release()
    process.removeListener('exit', release)
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (thrown) {
    if (thrown.code !== 'EEXIST') throw thrown
  }
  if (!isHeld(file)) rmSync(file, { force: true })
  return false
}

/** A process that was killed holds nothing, whatever it left behind. */
function isHeld(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    // Created and not written yet: its owner lives.
    if (pid === 0) return true
    return process.kill(pid, 0)
  } catch (thrown) {
    // EPERM: the process lives and is somebody else's.
    return thrown.code === 'EPERM'
  }
}
