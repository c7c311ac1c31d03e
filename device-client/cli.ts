#!/usr/bin/env node
import { runCommandLine } from './cli/run-command-line.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())

// The process ends by itself when nothing is left to do: process.exit() hung after TLS uploads (nodejs/node#54918).
process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  print: (line) => void process.stdout.write(`${line}\n`),
  log: (line) => void process.stderr.write(`${line}\n`),
  draw: process.stderr.isTTY ? (line) => void process.stderr.write(`\r\x1b[K${line}`) : undefined,
  signal: interruption.signal,
  onReload(listener) {
    process.on('SIGHUP', listener)
    return () => process.off('SIGHUP', listener)
  },
})
