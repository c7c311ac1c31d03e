/** What S3 and the backend take; all in bytes. */

/** Up to here one PUT or one form carries a file; above, parts do. */
export const maxSinglePutBytes = 100 * 1024 * 1024

/** S3 takes objects of up to 5 TiB through parts (S3 user guide, "Amazon S3 multipart upload limits"). */
export const maxUploadBytes = 5 * 1024 ** 4

/** An upload URL may be used this long, in seconds; shorter when what signs it ends before. */
export const maxUrlSeconds = 900
