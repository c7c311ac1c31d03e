import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'

/** The hash that a signer of the SDK takes. */
export class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string)
  }
  update(data: Uint8Array | string) {
    this.#hash.update(data)
  }
  async digest() {
    return this.#hash.digest()
  }
}
