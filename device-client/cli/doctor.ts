import type { Finding } from '../finding.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { UsageError } from './usage-error.ts'

const { dir, config, help } = commonOptions
const labels = { ok: 'ok', warning: 'warning', failed: 'FAILED' } as const

export const doctor: Command = {
  summary: 'find out what keeps this device from working',
  usage: '[--output text|json] [--timeout SECONDS]',
  description: `Checks the folder and who may write it, the key, the certificate and its renewal, the clock, the way to MQTT, the
credentials provider, S3 and the API (name, port or proxy, TLS, who answers there), and the credentials. Says
of each what is wrong and what to do about it. Nothing is tried twice and nothing is changed, but that a
device which gets no credentials connects to MQTT too, which registers one that is new. The exit code is 1
when a check failed; a warning leaves it 0.`,
  options: {
    output: {
      value: 'FORMAT',
      env: 'THINGDROP_OUTPUT',
      fallback: 'text',
      choices: ['text', 'json', 'jsonl'],
      help: 'text: a line for each check; json: one JSON object, {"isHealthy", "findings"}',
    },
    timeout: {
      value: 'SECONDS',
      env: 'THINGDROP_TIMEOUT',
      fallback: '10',
      least: 1,
      help: 'how long each step may take',
    },
    ...(dir && { dir }),
    ...(config && { config }),
    ...(help && { help }),
  },
  example: 'thingdrop-device doctor',

  async run({ device, options, operands, print }) {
    if (operands.length > 0) throw new UsageError('doctor takes no operand')
    const isText = options.choice('output') === 'text'
    const timeoutMs = (options.number('timeout') ?? 10) * 1000
    const diagnosis = await device.diagnose({ timeoutMs })
    if (isText) for (const finding of diagnosis.findings) print(formatText(finding))
    else print(JSON.stringify(diagnosis))
    return diagnosis.isHealthy ? 0 : 1
  },
}

function formatText({ check, state, message, code, hint }: Finding): string {
  const line = `${labels[state].padEnd(8)} ${check.padEnd(16)} ${code === undefined ? '' : `${code} `}${message}`
  return hint === undefined ? line : `${line}\n${' '.repeat(26)}${hint}`
}
