import { AwsError } from '#local/service.ts'

export function invalidInput(message: string): AwsError {
  return new AwsError('ValidationException', message)
}

export function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message)
}

export function ruleNotFound(name: string): AwsError {
  return notFound(`Rule ${name} does not exist on EventBus default.`)
}

export function limitExceeded(): AwsError {
  return new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.')
}

export function invalidPattern(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`)
}
