/**
 * Figures as one line of the log that CloudWatch turns into metrics (CloudWatch user guide, "Embedded metric format"):
 * no call, no permission. Without dimensions but the function's own, so that a fleet's size costs nothing.
 */
export function emitMetrics(counts: Readonly<Record<string, number>>, now: Date): void {
  const metrics = {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: 'thingdrop',
          Dimensions: [[]],
          Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    ...counts,
  }
  process.stdout.write(`${JSON.stringify(metrics)}\n`)
}
