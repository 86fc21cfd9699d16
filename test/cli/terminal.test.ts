import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { type OutputStream, paintFor, showProgress } from '../../src/cli/terminal.js'

function capture(isTTY: boolean): { stream: OutputStream; text: () => string } {
  let text = ''
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk)
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY }), text: () => text }
}

test('colours are for terminals, unless the environment says otherwise', () => {
  const cases: readonly (readonly [isTTY: boolean, env: Record<string, string>, isPainted: boolean])[] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ]
  for (const [isTTY, env, isPainted] of cases) {
    assert.equal(paintFor(capture(isTTY).stream, env).red('x') !== 'x', isPainted, JSON.stringify([isTTY, env]))
  }
})

test('progress in a file is a line each tenth', () => {
  const { stream, text } = capture(false)
  const progress = showProgress('Training', stream)
  for (const share of [0, 0.05, 0.12, 0.11, 0.5, 2]) progress.update(share, `at ${share}`)
  progress.stop()
  const lines = ['Training 0 %  at 0', 'Training 10 %  at 0.12', 'Training 50 %  at 0.5', 'Training 100 %  at 2', '']
  assert.equal(text(), lines.join('\n'))
})
