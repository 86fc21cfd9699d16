/**
 * Whether a Temporal server serves, asked by the standard gRPC health check over plain HTTP/2. An open port says too
 * little: it opens before the services behind it do. Temporal's client would be a dependency this folder must not have.
 */
import { connect } from 'node:http2'

const PATH = '/grpc.health.v1.Health/Check'
const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService'
/** gRPC status `OK`, as it stands in the trailers. */
const OK = '0'
/** Field 1 (`status`), varint, value 1 (`SERVING`) of `HealthCheckResponse`. */
const SERVING = Buffer.from([0x08, 0x01])
/** Every gRPC message is preceded by a compression flag and its length. */
const PREFIX_BYTES = 5
/** A server that starts answers late or not at all; then one asks again. */
const ANSWER_TIMEOUT_MS = 2_000

/** Whether the workflow service at `host:port` says that it serves. Whatever goes wrong means that it does not. */
export function isServing(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`)
    const settle = (serving: boolean) => {
      resolve(serving)
      session.destroy()
    }
    session.on('error', () => settle(false))
    session.setTimeout(ANSWER_TIMEOUT_MS, () => settle(false))

    const request = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let status: unknown
    request.on('error', () => settle(false))
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('trailers', (trailers) => {
      status = trailers['grpc-status']
    })
    request.on('end', () => settle(status === OK && Buffer.concat(chunks).subarray(PREFIX_BYTES).equals(SERVING)))
    request.end(checkRequest())
  })
}

/** `HealthCheckRequest` with field 1 (`service`). */
function checkRequest(): Buffer {
  const service = Buffer.from(SERVICE)
  const message = Buffer.concat([Buffer.from([0x0a, service.length]), service])
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}
