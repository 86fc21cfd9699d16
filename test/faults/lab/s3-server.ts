/** The S3 server that all lanes share: one of two real ones. */
import type { S3Client } from '@aws-sdk/client-s3'
import { startMinistack } from '../../support/ministack.js'
import { startVersitygw, VERSITYGW_CREDENTIALS } from '../../support/versitygw.js'

/** Servers that can be had. versitygw checks signatures, and keeps objects as files. */
export const S3_SERVERS = ['ministack', 'versitygw'] as const
/** An S3 server. */
export type S3ServerName = (typeof S3_SERVERS)[number]

/** A server that runs. */
export interface S3Server {
  readonly endpoint: string
  readonly client: S3Client
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Makes a bucket and gives its name. */
  newBucket(): Promise<string>
  stop(): Promise<void>
}

/** Starts a server. Rejects when it cannot be had, and says how to get it. */
export async function startS3Server(name: S3ServerName): Promise<S3Server> {
  return name === 'ministack' ? ministack() : versitygw()
}

async function ministack(): Promise<S3Server> {
  const server = await startMinistack()
  if (server.kind === 'missing') throw new Error(server.reason)
  return { ...server, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}

async function versitygw(): Promise<S3Server> {
  const server = await startVersitygw()
  if (server.kind === 'missing') throw new Error(server.reason)
  const [endpoint = ''] = server.endpoints
  return {
    endpoint,
    client: server.client(),
    credentials: VERSITYGW_CREDENTIALS,
    newBucket: () => server.newBucket(),
    stop: () => server.stop(),
  }
}
