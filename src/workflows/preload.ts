/**
 * Loads zod and the schemas of the messages once in a worker, instead of at the start of every workflow: that took more
 * than five milliseconds of each. Temporal freezes what is shared between workflows, as deep as it goes, but passes by
 * what is frozen already. A schema frozen to its depth could not parse, since it works out its parts when they are
 * first needed; frozen at its surface it can, by the methods that it has by then. Workflows may therefore call only
 * those below on a schema of the messages, and use it as a part of their own schemas, which stay with them; zod's own
 * regular expressions (`z.email()` and its like) fail in a workflow. The bundler drops a module that does nothing when
 * loaded: this one does something, and package.json lists it among those with side effects.
 */
import { z } from 'zod'
import * as messages from './messages.js'

for (const shared of Object.values(messages)) {
  if (!(shared instanceof z.ZodType)) continue
  shared.safeParse(undefined)
  // A schema gets a method when it is first asked for it.
  void shared.parse
  Object.freeze(shared)
}
