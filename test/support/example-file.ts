import { fileURLToPath } from 'node:url'

/** Path of a file of the package, seen from a compiled test in `<build>/test/support`. */
export function packageFile(name: string): string {
  return fileURLToPath(new URL(`../../../${name}`, import.meta.url))
}

/** Path of a file of an example. */
export function exampleFile(example: string, name: string): string {
  return packageFile(`examples/${example}/${name}`)
}
