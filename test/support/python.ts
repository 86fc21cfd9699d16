/** Python for tests: a test that gets `missing` skips with that sentence. */
export { type PythonEnvironment, pythonEnvironment } from '../../src/cli/demo/python-environment.js'
