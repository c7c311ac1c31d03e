import { parseAgentSettings, watchOptions } from './agent-settings.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { createConfigurationSchema, readConfigurationFile } from './configuration-file.ts'
import { configurationPath } from './configuration-path.ts'
import { createOptionValues } from './options.ts'
import { fileOptions } from './run.ts'
import { UsageError } from './usage-error.ts'

export const config: Command = {
  summary: 'check the configuration file, or print its schema',
  usage: '[FILE] [--schema]',
  description: `Reads FILE, or ${configurationPath}, and says whether it can be used; the exit code is 2 when not. Its members
are named as the options are; the environment and the command line go before it. With --schema, prints the JSON
Schema, which editors check and complete by.`,
  options: { schema: { help: 'print the JSON Schema' }, ...commonOptions },
  example: `echo '{"watch": [{"directory": "/var/spool/press", "delete-after": true}]}' > press.json
  thingdrop-device config press.json`,

  async run(context) {
    const { dir, options, operands, print } = context
    const [path] = operands
    if (operands.length > 1) throw new UsageError('config takes one FILE')
    if (options.isSet('schema')) {
      print(JSON.stringify(createConfigurationSchema(fileOptions, watchOptions), undefined, 2))
      return 0
    }
    const settings = readConfigurationFile(path ?? options.text('config'), fileOptions)
    parseAgentSettings({
      dir,
      options: createOptionValues(fileOptions, (name) => settings[name]),
      operands: [],
    })
    print(`${Object.keys(settings).length} settings, all right`)
    return 0
  },
}
