import type { AddressInfo, Server } from 'node:net'

/** Listens on 127.0.0.1 and returns the port; 0 takes a free one. */
export function listenLocally(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
