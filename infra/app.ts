import { App } from 'aws-cdk-lib'
import { ThingdropStack } from './stack.ts'

const app = new App()
// No account and no region: the template fits any, and synthesis needs no credentials.
new ThingdropStack(app, 'Thingdrop', { description: 'thingdrop: device fleets put files in S3' })
