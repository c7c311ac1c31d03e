import type { Ports } from './remembered-ports.ts'

/** Where the embedded cloud is reached. */
export interface Endpoints {
  /** Every AWS API: `AWS_ENDPOINT_URL`. */
  readonly gateway: string
  /** HTTP API. */
  readonly api: string
  /** `host:port` for MQTT over mutual TLS. */
  readonly mqtt: string
  readonly credentials: string
}

export function toEndpoints({ gateway, api, mqtt, credentials }: Ports): Endpoints {
  return {
    gateway: `http://127.0.0.1:${gateway}`,
    api: `http://127.0.0.1:${api}`,
    mqtt: `localhost:${mqtt}`,
    credentials: `https://localhost:${credentials}`,
  }
}
