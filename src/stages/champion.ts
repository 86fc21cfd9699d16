import type { AliasPosition, Registry, Version } from '../registry/registry.js'

/** The version that serves, and the token of the compare-and-set that would replace it. */
export interface Champion {
  readonly version: Version
  readonly position: AliasPosition
}

/** The champion of a model that was applied: champion zero at the least. */
export async function championOf(registry: Registry, model: string): Promise<Champion> {
  const position = await registry.alias(model, 'champion')
  if (position === undefined) throw new Error(`Model "${model}" has no champion zero: \`refit apply\` registers it`)
  return { position, version: await registry.version(model, position.version) }
}
