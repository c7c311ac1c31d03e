import { App } from 'aws-cdk-lib'
import { readSettings } from './settings.ts'
import { ThingdropStack } from './stack.ts'

const app = new App()
const settings = readSettings(app.node.tryGetContext('settings') ?? process.env.THINGDROP_SETTINGS)
// No account and no region: the template fits any, and synthesis needs no credentials.
new ThingdropStack(app, 'Thingdrop', { description: 'thingdrop: device fleets put files in S3', settings })
