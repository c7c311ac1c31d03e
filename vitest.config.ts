import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{contract,functions,infra,device-client,operator,local,test,bench}/**/*.test.ts'],
    // Two cores: a test file starts processes of its own, so more workers only slow each other down.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
