/** Turns what PostgreSQL and the way to it throw into what the port of a source promises. No message holds a secret. */
import { DatabaseError } from 'pg'
import { messageOf, RefitError } from '../../errors.js'

/** What failed, against which server. */
export interface Failure {
  /** Begins the message, such as `Cannot read table "orders"`. */
  readonly action: string
  readonly server: { readonly connectionEnv: string; readonly statementTimeoutSeconds: number }
  readonly thrown: unknown
}

/** Classes and codes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REFUSED_LOGIN = /^28/
const NO_DATABASE = '3D000'
const NO_PERMISSION = '42501'
/** The statement was cancelled: by its time limit, as nobody else is supposed to. */
const CANCELLED = '57014'
/** What the statement itself does wrong: it asks for what is not there, computes what cannot be, or writes. */
const WRONG_STATEMENT = /^(0A|20|21|22|25006|2F|42)/

/** Why there is no connection. */
export function connectFailure({ action, server, thrown }: Failure): RefitError {
  const { connectionEnv } = server
  const code = sqlState(thrown)
  if (code !== undefined && REFUSED_LOGIN.test(code)) {
    const reason = `the server refused the user or the password of ${connectionEnv} (SQLSTATE ${code})`
    return unavailable(`${action}: ${reason}. Correct that environment variable, or allow the user to log in.`, thrown)
  }
  if (code === NO_DATABASE) {
    const reason = `the server has no such database as ${connectionEnv} names`
    return unavailable(`${action}: ${reason}. Create it, or correct that environment variable.`, thrown)
  }
  return unavailable(`${action}: ${reasonOf(thrown)}. Check the server, and the network to it.`, thrown)
}

/** Why a statement was not done. */
export function statementFailure({ action, server, thrown }: Failure): RefitError {
  const code = sqlState(thrown)
  const said = reasonOf(thrown)
  if (code === NO_PERMISSION) {
    const wayOut = `Grant SELECT to the user of ${server.connectionEnv}.`
    return new RefitError('NotAllowed', `${action}: ${said}. ${wayOut}`, { cause: thrown })
  }
  if (code === CANCELLED) {
    const reason = `a statement was cancelled (${said}); it may take ${server.statementTimeoutSeconds} s`
    const wayOut = 'Index the key, or raise data.source.statementTimeoutSeconds.'
    return unavailable(`${action}: ${reason}. ${wayOut}`, thrown)
  }
  if (code !== undefined && WRONG_STATEMENT.test(code)) {
    const wayOut = 'Correct data.source of the spec, or the table.'
    return new RefitError('InvalidSpec', `${action}: ${said} (SQLSTATE ${code}). ${wayOut}`, { cause: thrown })
  }
  return unavailable(`${action}: ${said}. Check the server, and the network to it.`, thrown)
}

const unavailable = (message: string, cause: unknown): RefitError =>
  new RefitError('SourceUnavailable', message, { cause })

const sqlState = (thrown: unknown): string | undefined => (thrown instanceof DatabaseError ? thrown.code : undefined)

/** What was said; the code where several attempts failed and the message is empty. */
function reasonOf(thrown: unknown): string {
  const said = messageOf(thrown)
  if (said !== '') return said
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'no answer'
}
