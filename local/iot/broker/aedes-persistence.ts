import { Readable } from 'node:stream'
import type { AedesPublishPacket, Client, PublishPacket, Subscription } from 'aedes'
import type { RetainedMessages } from './retained-messages.ts'
import type { QueuedMessage, SessionQueue } from './session-queue.ts'
import type { SessionSubscriptions } from './session-subscriptions.ts'

export interface PersistenceParts {
  readonly retained: RetainedMessages
  readonly subscriptions: SessionSubscriptions
  readonly queue: SessionQueue
  /** aedes stores the subscriptions of a request before it has asked for each of them. */
  readonly maySubscribe: (client: Client, filter: string) => boolean
}

type Identified = Pick<Client, 'id'>
type Will = PublishPacket & { brokerId?: string; clientId?: string }

/**
 * aedes's persistence interface (aedes-persistence's README) on SQLite. Wills live as long as the process: they belong
 * to connections. There is no QoS 2, so no inbound packets are kept.
 */
export function createAedesPersistence({ retained, subscriptions, queue, maySubscribe }: PersistenceParts) {
  const wills = new Map<string, Will>()
  let brokerId = ''
  const toPacket = ({ topic, payload, qos }: { topic: string; payload: Buffer; qos: 0 | 1 }) => ({
    cmd: 'publish' as const,
    topic,
    payload,
    qos,
    retain: true,
    dup: false,
  })
  const queuedPacket = (message: QueuedMessage) => ({
    ...toPacket({ ...message, qos: 1 }),
    ...message,
    retain: false,
    dup: message.messageId !== undefined,
  })

  return {
    async setup(broker: { id: string }) {
      brokerId = broker.id
    },
    /** The broker has stored it before it acknowledged the message. */
    async storeRetained() {},
    createRetainedStreamCombi: (filters: readonly string[]) =>
      Readable.from(filters.flatMap((filter) => retained.matching(filter)).map(toPacket)),

    async addSubscriptions(client: Client, added: readonly Subscription[]) {
      for (const { topic, qos } of added) {
        if (maySubscribe(client, topic)) subscriptions.put({ clientId: client.id, topic, qos: qos > 0 ? 1 : 0 })
      }
    },
    async removeSubscriptions({ id }: Identified, filters: readonly string[]) {
      for (const filter of filters) subscriptions.remove(id, filter)
    },
    subscriptionsByClient: async ({ id }: Identified) => subscriptions.ofClient(id),
    subscriptionsByTopic: async (topic: string) => subscriptions.matching(topic).filter(({ qos }) => qos > 0),
    async cleanSubscriptions({ id }: Identified) {
      subscriptions.removeAll(id)
      queue.removeAll(id)
    },

    async outgoingEnqueueCombi(receivers: readonly { clientId: string }[], packet: AedesPublishPacket) {
      for (const { clientId } of receivers) queue.put(clientId, asQueued(packet))
    },
    async outgoingUpdate({ id }: Identified, packet: AedesPublishPacket) {
      if (!queue.number(id, asQueued(packet))) throw new Error('no such packet')
    },
    /** With a message id after its acknowledgement; without one when the client may not receive the message. */
    async outgoingClearMessageId({ id }: Identified, packet: AedesPublishPacket) {
      if (packet.messageId === undefined) return queue.discard(id, asQueued(packet))
      const message = queue.acknowledge(id, packet.messageId)
      return message && queuedPacket(message)
    },
    outgoingStream: ({ id, clean }: Client) => Readable.from(clean ? [] : map(queue.read(id), queuedPacket)),

    async putWill({ id }: Identified, will: Will) {
      wills.set(id, Object.assign(will, { brokerId, clientId: id }))
    },
    async delWill({ id }: Identified) {
      wills.delete(id)
    },
    /** For aedes to publish the wills of other brokers that went away: there are none. */
    streamWill: () => Readable.from([]),
  }
}

function asQueued({ brokerId, brokerCounter, topic, payload, messageId }: AedesPublishPacket): QueuedMessage {
  return { brokerId, brokerCounter, topic, payload: Buffer.from(payload), messageId }
}

function* map<T, R>(items: Iterable<T>, convert: (item: T) => R): Generator<R> {
  for (const item of items) yield convert(item)
}
