/**
 * Whether a Host header names this machine. A page of the web whose name was rebound to 127.0.0.1 sends its own name.
 * `bucket.localhost` is S3's virtual-host addressing.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|\[::1\]|([a-z0-9._-]+\.)?localhost)(:\d{1,5})?$/i.test(host ?? '')
}
