import { join } from 'node:path'
import { RefitError, unreachable } from '../errors.js'
import { openCommandPredictor } from './command.js'
import { openHttpPredictor } from './http.js'
import { openOnnxPredictor } from './onnx.js'
import type { ModelPackage } from './package.js'
import type { Predictor } from './predictor.js'

/**
 * Opens the predictor of a package whose files lie in `folder`. Variables that the package names are read from `env`.
 * A rule is SQL and has no predictor: the data room scores it.
 */
export async function openPredictor(pack: ModelPackage, folder: string, env: NodeJS.ProcessEnv): Promise<Predictor> {
  const { predictor, features } = pack
  switch (predictor.kind) {
    case 'onnx':
      return openOnnxPredictor(join(folder, predictor.file), { output: predictor.output, features })
    case 'command':
      return openCommandPredictor({ command: predictor.command, folder, features, env })
    case 'http':
      return openHttpPredictor({ url: predictor.url, token: tokenOf(predictor.tokenEnv, env), features })
    case 'rule':
      throw new RefitError(
        'InvalidInput',
        'Cannot open a rule as a predictor: it is scored where the data are, by SQL.',
      )
    default:
      return unreachable(predictor)
  }
}

function tokenOf(name: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (name === undefined) return undefined
  const token = env[name]
  if (token !== undefined && token !== '') return token
  const text = `Cannot open the predictor: the environment variable ${name} that holds its token is not set.`
  throw new RefitError('NotAllowed', `${text} Set it for the worker.`)
}
