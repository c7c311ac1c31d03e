/** Every function of the stack: where it starts and what it may take. One line here is one Lambda. */
export const functions = {
  'fleet-ca': { entry: 'functions/fleet-ca/handler.ts', memoryMb: 256, timeoutSeconds: 60 },
  'vend-certificate': { entry: 'functions/vend-certificate/handler.ts', memoryMb: 512, timeoutSeconds: 15 },
  'register-certificate': { entry: 'functions/register-certificate/handler.ts', memoryMb: 256, timeoutSeconds: 30 },
  'sweep-certificates': { entry: 'functions/sweep-certificates/handler.ts', memoryMb: 256, timeoutSeconds: 300 },
  'manage-certificates': { entry: 'functions/manage-certificates/handler.ts', memoryMb: 256, timeoutSeconds: 29 },
  'manage-cas': { entry: 'functions/manage-cas/handler.ts', memoryMb: 256, timeoutSeconds: 29 },
  explain: { entry: 'functions/explain/handler.ts', memoryMb: 256, timeoutSeconds: 29 },
  'issue-upload': { entry: 'functions/issue-upload/handler.ts', memoryMb: 512, timeoutSeconds: 29 },
  'sweep-uploads': { entry: 'functions/sweep-uploads/handler.ts', memoryMb: 256, timeoutSeconds: 300 },
  'record-upload': { entry: 'functions/record-upload/handler.ts', memoryMb: 256, timeoutSeconds: 30 },
  'operator-api': { entry: 'functions/operator-api/handler.ts', memoryMb: 512, timeoutSeconds: 29 },
} as const

export type FunctionName = keyof typeof functions
