#!/usr/bin/env node
/** argv → command → exit code. */
import { createProgram } from './program.js'

// The AWS SDK tells at each start which Node its later versions will need; this one is pinned, and no user can act on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

await createProgram().parseAsync()
