/** Clients of S3, for the store and for whatever else is read from buckets. */
import { S3Client } from '@aws-sdk/client-s3'

/** A server that does not take a connection in this time will not take it in the next second either. */
const CONNECT_TIMEOUT_MS = 5_000
/** Silence, not duration: a long transfer is never silent for so long. */
const SILENCE_TIMEOUT_MS = 30_000

/** Which server, when it is not the one of the AWS SDK's usual environment. */
export interface S3Server {
  readonly region?: string | undefined
  /** Address of a server that is not AWS. */
  readonly endpoint?: string | undefined
}

/**
 * A client for this server. Credentials, and what is left out, come from the AWS SDK's usual environment (`AWS_REGION`,
 * `AWS_ACCESS_KEY_ID`, …, `AWS_ENDPOINT_URL`); on a server of one's own, buckets are addressed by path.
 */
export function createS3Client({ region, endpoint = ownServer() }: S3Server = {}): S3Client {
  const requestHandler = { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS }
  if (endpoint === undefined) return new S3Client({ requestHandler, ...(region === undefined ? {} : { region }) })
  // Servers of one's own seldom have a name for each bucket, or care for the region, which the SDK demands.
  const someRegion = region ?? process.env.AWS_REGION ?? 'us-east-1'
  return new S3Client({ requestHandler, endpoint, forcePathStyle: true, region: someRegion })
}

const ownServer = (): string | undefined => process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL

const shared = new Map<string, S3Client>()

/** The one client of this process for a server: its connections and credentials outlive whoever asks. */
export function sharedS3Client(server: S3Server): S3Client {
  const name = JSON.stringify([server.endpoint, server.region])
  const client = shared.get(name) ?? createS3Client(server)
  shared.set(name, client)
  return client
}
