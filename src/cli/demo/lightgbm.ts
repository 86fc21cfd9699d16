import { RefitError } from '../../errors.js'
import { pythonEnvironment } from './python-environment.js'

/** Path of a Python that has what the LightGBM example needs; installs it into the user's cache when it must. */
export async function pythonWithLightGbm(requirementsFile: string): Promise<string> {
  const found = await pythonEnvironment(requirementsFile)
  if ('python' in found) return found.python
  throw new RefitError('NotFound', `Cannot train with LightGBM: ${found.missing}`)
}
