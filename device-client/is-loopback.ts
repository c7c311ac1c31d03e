const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/** Whether an address stays on this machine, where no one is on the way: the embedded cloud's. */
export function isLoopback({ hostname }: URL): boolean {
  return loopbackHosts.includes(hostname)
}
