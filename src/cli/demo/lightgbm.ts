import { RefitError } from '../../errors.js'
import { pythonEnvironment } from './python-environment.js'

/**
 * The environment in which `python3` has what the LightGBM example needs; installed into the user's cache when it must be.
 * The model's packages name `python3` too, so that whoever scores decides which one that is.
 */
export async function lightGbmEnvironment(requirementsFile: string): Promise<NodeJS.ProcessEnv> {
  const found = await pythonEnvironment(requirementsFile)
  if ('missing' in found) throw new RefitError('NotFound', `Cannot train with LightGBM: ${found.missing}`)
  return { PATH: found.env.PATH, REFIT_ALLOW_COMMANDS: 'python3' }
}
