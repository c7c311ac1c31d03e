import { randomUUID } from 'node:crypto'
import type {
  CancelMessageMoveTaskCommandInput,
  ListMessageMoveTasksCommandInput,
  StartMessageMoveTaskCommandInput,
} from '@aws-sdk/client-sqs'
import { AwsError, type Call, type Operations } from '#local/service.ts'
import type { Collection } from '#local/store.ts'
import type { MoveTask, MoveTaskRunner } from './move-tasks.ts'
import { openQueueByArn, readRange } from './open-queue.ts'
import type { SqsState } from './sqs-state.ts'

export function createMoveTaskOperations(state: SqsState, tasks: Collection<MoveTask>, runner: MoveTaskRunner) {
  const { queues, messages } = state
  const list = () => tasks.list().map(({ value }) => value)

  function checkDestination(arn: string | undefined, call: Call): void {
    if (arn !== undefined) openQueueByArn(state, arn, ['SendMessage'], call)
  }

  return {
    StartMessageMoveTask(input: StartMessageMoveTaskCommandInput, call) {
      // The caller must be allowed what the task does in its name (developer guide, "Dead-letter queue redrive").
      const actions = ['StartMessageMoveTask', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']
      const source = openQueueByArn(state, input.SourceArn, actions, call)
      const maxPerSecond = readRange(input.MaxNumberOfMessagesPerSecond, 'MaxNumberOfMessagesPerSecond', 1, 500)
      if (queues.listSources(source.arn).length === 0) {
        throw new AwsError('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.')
      }
      checkDestination(input.DestinationArn, call)
      if (list().some(({ sourceArn, status }) => sourceArn === source.arn && status === 'RUNNING')) {
        throw new AwsError(
          'UnsupportedOperation',
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        )
      }
      const now = state.clock().getTime()
      const handle = Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64')
      tasks.put(handle, {
        handle,
        sourceArn: source.arn,
        sourceQueue: source.name,
        ...(input.DestinationArn !== undefined && { destinationArn: input.DestinationArn }),
        ...(maxPerSecond !== undefined && { maxPerSecond }),
        status: 'RUNNING',
        moved: 0,
        toMove: messages.count(source.name, now).visible,
        startedAt: now,
      })
      runner.run(handle)
      return { TaskHandle: handle }
    },

    CancelMessageMoveTask(input: CancelMessageMoveTaskCommandInput, call) {
      const task = tasks.get(String(input.TaskHandle))
      if (!task) throw taskDoesNotExist()
      openQueueByArn(state, task.sourceArn, ['CancelMessageMoveTask'], call)
      if (task.status !== 'RUNNING') throw taskDoesNotExist()
      tasks.put(task.handle, { ...task, status: 'CANCELLED' })
      return { ApproximateNumberOfMessagesMoved: task.moved }
    },

    ListMessageMoveTasks(input: ListMessageMoveTasksCommandInput, call) {
      const source = openQueueByArn(state, input.SourceArn, ['ListMessageMoveTasks'], call)
      const limit = readRange(input.MaxResults, 'MaxResults', 1, 10) ?? 1
      const found = list()
        .filter(({ sourceArn }) => sourceArn === source.arn)
        .toSorted((a, b) => b.startedAt - a.startedAt)
      return { Results: found.slice(0, limit).map(describeTask) }
    },
  } satisfies Operations
}

function describeTask(task: MoveTask) {
  return {
    ...(task.status === 'RUNNING' && { TaskHandle: task.handle }),
    Status: task.status,
    SourceArn: task.sourceArn,
    DestinationArn: task.destinationArn,
    MaxNumberOfMessagesPerSecond: task.maxPerSecond,
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    FailureReason: task.failureReason,
    StartedTimestamp: task.startedAt,
  }
}

function taskDoesNotExist(): AwsError {
  return new AwsError('ResourceNotFoundException', 'Task does not exist.', 404)
}
