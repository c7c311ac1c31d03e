import type { Target } from '@aws-sdk/client-eventbridge'
import { notImplemented } from '#local/service.ts'
import { readArn, readName, readText, refuseOthers } from './check-input.ts'
import { invalidInput } from './events-errors.ts'
import { parseInputPath } from './input-path.ts'
import type { RuleTarget } from './rule-store.ts'

/** A target that the embedded cloud can reach; what AWS has beyond that is refused by name. */
export function readTarget(target: Target, place: { readonly accountId: string; readonly region: string }): RuleTarget {
  const Id = readName(target.Id, 'targets.member.id')
  const Arn = readArn(target.Arn, 'targets.member.arn')
  refuseOthers(target, ['Id', 'Arn', 'Input', 'InputPath'], 'a target of an EventBridge rule')
  checkArn(Arn, place)
  const { Input, InputPath } = target
  if (Input !== undefined && InputPath !== undefined) {
    throw invalidInput(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`)
  }
  if (Input !== undefined) checkJson(readText(Input, 'targets.member.input', { max: 8192 }), Id)
  if (InputPath !== undefined && !parseInputPath(readText(InputPath, 'targets.member.inputPath', { max: 256 }))) {
    throw invalidInput(`Invalid InputPath for target ${Id}.`)
  }
  return { Id, Arn, ...(Input !== undefined && { Input }), ...(InputPath !== undefined && { InputPath }) }
}

function checkArn(arn: string, { accountId, region }: { accountId: string; region: string }): void {
  const [, service = '', itsRegion, itsAccount, resource = ''] =
    /^arn:aws[\w-]*:([\w-]+):([\w-]*):(\d*):(.+)$/.exec(arn) ?? []
  if (service === '')
    throw invalidInput(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`)
  const isQueue = service === 'sqs' && /^[\w-]{1,80}$/.test(resource)
  const isFunction = service === 'lambda' && /^function:[\w-]{1,64}(:\$LATEST)?$/.test(resource)
  if (!isQueue && !isFunction) {
    throw notImplemented(
      `the target ${arn} of an EventBridge rule: standard queues and functions, without versions, are`,
    )
  }
  if (itsRegion !== region || itsAccount !== accountId) {
    throw notImplemented(`the target ${arn} of an EventBridge rule: it is in another account or Region`)
  }
}

function checkJson(text: string, id: string): void {
  try {
    JSON.parse(text)
  } catch {
    throw invalidInput(`Parameter Input is not valid JSON for target ${id}.`)
  }
}
