import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as cloudformation from '@aws-sdk/client-cloudformation'
import * as dynamodb from '@aws-sdk/client-dynamodb'
import * as events from '@aws-sdk/client-eventbridge'
import * as iam from '@aws-sdk/client-iam'
import * as iot from '@aws-sdk/client-iot'
import * as kms from '@aws-sdk/client-kms'
import * as s3 from '@aws-sdk/client-s3'
import * as sqs from '@aws-sdk/client-sqs'
import * as sts from '@aws-sdk/client-sts'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from './cloud.fixture.ts'
import { resourceTypes } from './deploy/resources/index.ts'
import { openServices } from './open-services.ts'
import { routesTo } from './s3/routes.ts'

const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
/** What the SDK knows of a service: its commands are the operations of the API. */
const models: Record<string, object> = { cloudformation, dynamodb, events, iam, iot, kms, s3, sqs, sts }

function operationsOfModel(model: object): string[] {
  return Object.keys(model).flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? [])
}

/** What the code has, by service. */
async function operationsOfCode(): Promise<Record<string, string[]>> {
  const closers: (() => unknown)[] = []
  onTestFinished(async () => {
    for (const close of closers.reverse()) await close()
  })
  const { operations } = await openServices({
    folder: makeFolder(),
    accountId: '000000000000',
    region: 'us-east-1',
    clock: () => new Date(),
    quotas: undefined,
    log: () => {},
    onClose: (close) => closers.push(close),
    endpoints() {
      throw new Error('nothing listens here')
    },
  })
  return {
    ...Object.fromEntries(Object.entries(operations).map(([service, table]) => [service, Object.keys(table)])),
    s3: Object.values(routesTo(operations.s3)).flatMap((route) => route.operations),
  }
}

/** The rows of a section: the names in backticks of the first cell, and whether they are there. */
function rowsOf(section: string): { names: string[]; absent: boolean }[] {
  const text = readme.split(/^### /m).find((part) => part.startsWith(`${section}\n`)) ?? ''
  return [...text.matchAll(/^\| (`.*?) \| (faithful|partial|absent)/gm)].map(([, names = '', state]) => ({
    names: [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    absent: state === 'absent',
  }))
}

function toPattern(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('*', '\\w*')}$`)
}

test('the README names the operations that are there, and those that are not', async () => {
  const code = await operationsOfCode()
  for (const [service, operations] of Object.entries(code)) {
    const rows = rowsOf(service)
    const present = rows.filter(({ absent }) => !absent).flatMap(({ names }) => names)
    expect(present.toSorted(), service).toEqual(operations.toSorted())

    const absent = rows.filter((row) => row.absent).flatMap(({ names }) => names.map(toPattern))
    const isAbsent = (operation: string) => absent.some((pattern) => pattern.test(operation))
    expect(operations.filter(isAbsent), `${service}: there, and called absent`).toEqual([])
    const model = models[service]
    if (!model) continue
    const others = operationsOfModel(model).filter((operation) => !operations.includes(operation))
    expect(
      others.filter((operation) => !isAbsent(operation)),
      `${service}: named nowhere`,
    ).toEqual([])
    expect(
      absent.filter((pattern) => !others.some((operation) => pattern.test(operation))),
      service,
    ).toEqual([])
  }
})

test('the README names the resource types that the deployer knows', () => {
  const named = [...readme.matchAll(/`(AWS::\w+::\w+)`/g)].map(([, name]) => name)
  expect(named.toSorted()).toEqual(Object.keys(resourceTypes).toSorted())
})
