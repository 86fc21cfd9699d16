/**
 * Loads zod once in a worker instead of at the start of every workflow, which takes five milliseconds of each. Temporal
 * freezes what is shared between workflows: functions bear it; a schema does not, so schemas stay where they are used,
 * and so do zod's own regular expressions (`z.email()` and its like fail in a workflow). The bundler drops a module
 * that does nothing when loaded: this one parses something, and package.json lists it among those with side effects.
 */
import { z } from 'zod'

z.strictObject({ loaded: z.string() }).safeParse({})
