/** What is noted with a thing as its last upload is at most this much, in milliseconds, before its last upload. */
export const lastUploadLagMs = 60_000
