import { randomBytes } from 'node:crypto'

/** `x-amz-id-2`: names the host that answered, which is this process. */
export const hostId = randomBytes(57).toString('base64')
