import { AwsError } from '#local/service.ts'

export function notFound(what: string): AwsError {
  return new AwsError('NotFoundException', what)
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message)
}
