import { join } from 'node:path'

/** File in which verbs find the stack that runs in a folder. */
export const stackFile = (folder: string): string => join(folder, '.refit', 'stack.json')
