import type { Command } from './command.ts'

export function formatProgramHelp(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(18)} ${summary}`)
  return `thingdrop-device: puts the files of this machine into S3, with a certificate instead of a secret key

Usage: thingdrop-device COMMAND [OPTIONS]

${rows.join('\n')}

  thingdrop-device COMMAND --help   says more about one command
  thingdrop-device --version        prints the version

Example:
  THINGDROP_CLAIM='https://…/v1/certificates?thing=press-7#tdc_…' thingdrop-device enroll
  thingdrop-device connect
  thingdrop-device upload readings.csv
  thingdrop-device sync /var/log/press

TLS connections, MQTT's too, go through the proxy of HTTPS_PROXY or ALL_PROXY, unless NO_PROXY names the host.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Results go to standard output, all else to standard error.`
}

export function formatCommandHelp(name: string, { summary, usage, description, options, example }: Command): string {
  const rows = Object.entries(options).map(([option, { value, env, fallback, help }]) => {
    const notes = [env && `env ${env}`, fallback && `default ${fallback}`].filter(Boolean).join(', ')
    return `  ${`--${option}${value === undefined ? '' : ` ${value}`}`.padEnd(22)} ${help}${notes && ` [${notes}]`}`
  })
  return `thingdrop-device ${name}: ${summary}

Usage: thingdrop-device ${name} ${usage}

${description}

Options:
${rows.join('\n')}

Example:
  ${example}`
}
