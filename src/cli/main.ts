#!/usr/bin/env node
/** argv → command → exit code. */
import { createProgram } from './program.js'

await createProgram().parseAsync()
