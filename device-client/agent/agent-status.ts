/** What keeps something from working. */
export interface Trouble {
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** ISO 8601. */
  readonly since: string
}

export interface DirectoryStatus {
  readonly directory: string
  /** Files and bytes that are still to be sent, as far as they are known; more may wait when there are more than 20,000. */
  readonly pendingFiles: number
  readonly pendingBytes: number
  readonly isMorePending: boolean
  /** Since the agent began. */
  readonly sent: number
  readonly sentBytes: number
  readonly dropped: number
  /** Files that are not sent until they change, or for an hour. */
  readonly failed: number
  /** The latest of them. */
  readonly failures: readonly (Trouble & { readonly file: string })[]
  readonly lastSentAt?: string
  readonly lastScanAt?: string
  /** Directories whose changes the kernel tells of. */
  readonly watches: number
  /** Of the directory itself. */
  readonly trouble?: Trouble
}

export interface ConnectionStatus {
  readonly state: 'off' | 'connecting' | 'connected'
  /** ISO 8601, of the state. */
  readonly since: string
  readonly trouble?: Trouble
}

/** What the status socket tells. */
export interface AgentStatus {
  readonly version: string
  readonly processId: number
  readonly startedAt: string
  readonly state: 'running' | 'draining'
  readonly thingName: string
  readonly certificate: {
    readonly notAfter: string
    /** When it is to be renewed. */
    readonly dueAt: string
    readonly trouble?: Trouble
  }
  readonly connection: ConnectionStatus
  /** Where other programs get credentials; without its token. */
  readonly credentialsUrl?: string
  /** What keeps files from getting through. */
  readonly sending?: Trouble
  readonly directories: readonly DirectoryStatus[]
}
