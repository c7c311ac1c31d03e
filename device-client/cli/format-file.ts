import type { FailedFile, UploadedFile } from '../upload-files.ts'

export function formatFileText({ outcome, key, sizeBytes, durationMs }: UploadedFile): string {
  return outcome === 'present'
    ? `already uploaded as ${key}`
    : `${key}  ${sizeBytes} bytes  ${Math.round(durationMs)} ms`
}

export function formatFileJson(file: UploadedFile | FailedFile): string {
  if (file.outcome === 'failed') {
    const { code, message, hint } = file.error
    return JSON.stringify({ file: file.path, outcome: file.outcome, error: { code, message, hint } })
  }
  const { path, outcome, key, sizeBytes, durationMs } = file
  return JSON.stringify({ file: path, outcome, key, sizeBytes, durationMs: Math.round(durationMs) })
}
